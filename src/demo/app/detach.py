"""Starts a program in a session of its own and prints its process id.

Arguments: the file for its standard output, the file for its standard error, the program, its
arguments. The program inherits the working directory and the environment.
"""

import os
import sys


def main(out, err, *command):
    pid = os.fork()
    if pid:
        print(pid)
        return
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), descriptor)
    os.execvp(command[0], command)


main(*sys.argv[1:])
