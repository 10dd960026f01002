//! Reads what Python's faulthandler prints when it gets a signal: the stacks of all threads.
//!
//! A dump has no beginning and no end of its own, and stands among whatever else the process and
//! its neighbours log; lines that are no part of it are passed over. Everything borrows from the
//! text. Source: `CPython`'s `Python/traceback.c`, `_Py_DumpTracebackThreads`, 3.6 to 3.14.

use super::traceback::{Frame, Origin};

/// How a thread's stack begins, its innermost call first.
const FIRST: &str = "(most recent call first):";

/// Threads kept of a dump; faulthandler itself prints no more.
const THREADS: usize = 100;

/// The stacks of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackDump<'a> {
    /// The stacks: that of the thread that got the signal first.
    pub stacks: Vec<Stack<'a>>,
}

/// The stack of one thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stack<'a> {
    /// What the thread is called: `Current thread 0x00007f8b65468b80`, in 3.14 with its name.
    pub thread: &'a str,
    /// Whether it is the thread that got the signal.
    pub is_current: bool,
    /// Its calls, innermost first.
    pub frames: Vec<Frame<'a>>,
    /// What faulthandler prints in place of frames: that there are none, or more than it shows.
    pub remark: Option<&'a str>,
}

impl<'a> StackDump<'a> {
    /// The first dump in a text; `None` until one has begun.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut stacks: Vec<Stack<'a>> = Vec::new();
        let (mut is_open, mut prefix) = (false, "");
        for line in text.lines() {
            if let Some((before, begun)) = header(line) {
                // A second current thread is that of another dump.
                let is_next = begun.is_current && stacks.iter().any(|stack| stack.is_current);
                if is_next || stacks.len() == THREADS {
                    break;
                }
                stacks.push(begun);
                (is_open, prefix) = (true, before);
                continue;
            }
            let line = line.strip_prefix(prefix).unwrap_or(line);
            if line.is_empty() {
                is_open = false;
            } else if let Some(stack) = stacks.last_mut().filter(|_| is_open) {
                match (frame(line), remark(line)) {
                    (Some(frame), _) => stack.frames.push(frame),
                    (None, Some(remark)) => stack.remark = Some(remark),
                    (None, None) => {}
                }
            }
        }
        stacks.sort_by_key(|stack| !stack.is_current);
        (!stacks.is_empty()).then_some(Self { stacks })
    }

    /// Whether the thread that got the signal is in it, with something on its stack; others may
    /// follow.
    pub fn has_current(&self) -> bool {
        let says = |stack: &Stack<'_>| !stack.frames.is_empty() || stack.remark.is_some();
        self.stacks.iter().any(|stack| stack.is_current && says(stack))
    }

    /// Lines that belong to it.
    pub fn lines(&self) -> usize {
        let of = |stack: &Stack<'_>| 1 + stack.frames.len() + usize::from(stack.remark.is_some());
        self.stacks.iter().map(of).sum()
    }

    /// The call to look at first: the innermost of the application, else of Frappe, else of a
    /// package, in the current thread before others; `None` where all is plumbing.
    pub fn application_frame(&self) -> Option<&Frame<'a>> {
        let candidates = self.stacks.iter().flat_map(|stack| &stack.frames);
        // The first of equals is the innermost one of the current thread.
        candidates
            .filter(|frame| frame.origin() != Origin::Plumbing)
            .min_by_key(|frame| frame.origin())
    }
}

/// `Thread 0x… (most recent call first):`, `Current thread 0x… [name] …`, and `Stack …` where only
/// one thread is printed; and what stands in front: something that was written without a line's end,
/// or the name with which a supervisor of workers begins every line.
fn header(line: &str) -> Option<(&str, Stack<'_>)> {
    let title = line.strip_suffix(FIRST)?;
    let (at, is_current) = [("Current thread 0x", true), ("Stack ", true), ("Thread 0x", false)]
        .into_iter()
        .find_map(|(word, is_current)| Some((title.rfind(word)?, is_current)))?;
    let (before, thread) = title.split_at_checked(at)?;
    Some((before, Stack { thread: thread.trim_end(), is_current, ..Stack::default() }))
}

/// `  File "…", line N in function`; the number is `???` where Python does not know it.
fn frame(line: &str) -> Option<Frame<'_>> {
    let (file, rest) = line.strip_prefix("  File \"")?.split_once("\", line ")?;
    let (number, function) = rest.split_once(" in ")?;
    Some(Frame { file, line: number.trim().parse().unwrap_or(0), function, code: None })
}

/// `  <no Python frame>`, `  <invalid frame>`, and `  ...` for more than 100 calls.
fn remark(line: &str) -> Option<&str> {
    let remark = line.strip_prefix("  ")?;
    (remark == "..." || (remark.starts_with('<') && remark.ends_with('>'))).then_some(remark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DUMP: &str = "\
2026-11-22 01:00:00 something else
Thread 0x00007f8b629146c0 (most recent call first):
  File \"/bench/env/lib/python3.11/site-packages/redis/client.py\", line 1799 in run
  File \"/usr/lib/python3.11/threading.py\", line 1002 in _bootstrap

Current thread 0x00007f8b65468b80 (most recent call first):
  File \"/usr/lib/python3.11/ssl.py\", line ??? in read
a line of a neighbour
  File \"/bench/env/lib/python3.11/site-packages/requests/api.py\", line 59 in get
  File \"/bench/apps/shop/shop/imports.py\", line 14 in import_items
  File \"/bench/apps/frappe/frappe/utils/background_jobs.py\", line 221 in execute_job
  File \"<frozen runpy>\", line 198 in _run_module_as_main
";

    #[test]
    fn dump_among_other_lines_gives_the_current_thread_first_and_its_application_frame() {
        let dump = StackDump::parse(DUMP).unwrap();
        assert_eq!(dump.stacks.len(), 2);
        assert_eq!(dump.stacks[0].thread, "Current thread 0x00007f8b65468b80");
        assert_eq!(dump.stacks[0].frames.len(), 5);
        assert_eq!((dump.stacks[0].frames[0].line, dump.stacks[0].frames[0].function), (0, "read"));
        let frame = dump.application_frame().unwrap();
        assert_eq!((frame.function, frame.line), ("import_items", 14));
        assert!(dump.has_current());
        assert_eq!(dump.lines(), 9);
    }

    #[test]
    fn dump_behind_the_name_of_its_worker_is_read_like_any_other() {
        let own: Vec<String> = DUMP.lines().map(|line| format!("worker-1 {line}")).collect();
        let other = "worker-10   File \"x.py\", line 1 in another\n";
        for text in [own.join("\n"), own.join(&format!("\n{other}"))] {
            let dump = StackDump::parse(&text).unwrap();
            assert_eq!(dump.stacks[0].thread, "Current thread 0x00007f8b65468b80", "{text}");
            assert_eq!(dump.application_frame().unwrap().function, "import_items", "{text}");
            assert!(dump.has_current());
        }
        assert_eq!(StackDump::parse(&own.join("\n")).unwrap().lines(), 9);
    }

    #[test]
    fn dump_that_has_just_begun_is_not_complete() {
        let begun = DUMP.split("  File \"/usr/lib/python3.11/ssl.py").next().unwrap();
        assert!(!StackDump::parse(begun).unwrap().has_current());
        assert_eq!(StackDump::parse("  File \"x\", line 1 in f\n\n"), None);
    }

    #[test]
    fn second_dump_behind_the_first_is_left_out() {
        let twice = format!("{DUMP}{DUMP}");
        let dump = StackDump::parse(&twice).unwrap();
        assert_eq!(dump.stacks.iter().filter(|stack| stack.is_current).count(), 1);
        assert_eq!(dump.stacks[0].frames.len(), 5);
    }

    #[test]
    fn names_of_threads_single_stacks_and_remarks_are_read() {
        let named = "noise: Current thread 0x00007f8b65468b80 [python] (most recent call first):\n  \
                     <no Python frame>\n";
        let dump = StackDump::parse(named).unwrap();
        assert_eq!(dump.stacks[0].thread, "Current thread 0x00007f8b65468b80 [python]");
        assert_eq!(dump.stacks[0].remark, Some("<no Python frame>"));
        assert!(dump.has_current());
        let single = "Stack (most recent call first):\n  File \"x.py\", line 1 in f\n  ...\n";
        let dump = StackDump::parse(single).unwrap();
        assert!(dump.stacks[0].is_current && dump.stacks[0].remark == Some("..."));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(
            lines in prop::collection::vec("(Current thread 0x|Thread 0x|Stack |  File \"|\", line | in |[a-zé<>. ]{0,5}|\\(most recent call first\\):){0,6}", 0..20)
        ) {
            let text = lines.join("\n");
            if let Some(dump) = StackDump::parse(&text) {
                prop_assert!(!dump.stacks.is_empty());
                let _ = (dump.has_current(), dump.lines(), dump.application_frame());
            }
        }
    }
}
