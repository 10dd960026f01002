//! Recording in a thread of its own, while the process does something else.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::place;
use super::recorder::{LOOK_EVERY, Purpose, Recorder, Recording};
use crate::context::Context;
use crate::error::Result;
use crate::global::Global;
use crate::ops::metrics::Passing;

/// Somebody who records beside; ends with the value, once what was seen is written.
pub struct Aside {
    said: Receiver<String>,
    /// Dropped to end it.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Aside {
    /// Begins to record the target of `context`, every site of it, as often as the settings say.
    ///
    /// Errors: those of [`Recorder::open`].
    pub fn begin(context: &Context) -> Result<Self> {
        let every = context.settings.history.every;
        let recording = Recording { every, purpose: Purpose::History };
        let (recorder, passing, lines) = Recorder::open(place(context, None)?, context, recording)?;
        let global = Global { site: vec!["all".to_owned()], ..context.global.clone() };
        let (say, said) = mpsc::channel();
        for line in lines {
            let _ = say.send(line);
        }
        let (end, ended) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            Work { global, recorder, passing, say, told: None }.run(&ended);
        });
        Ok(Self { said, end: Some(end), thread: Some(thread) })
    }

    /// What the operator should know and was not told yet, a line each.
    pub fn said(&self) -> impl Iterator<Item = String> + '_ {
        self.said.try_iter()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It has told whatever there is to tell.
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Work {
    global: Global,
    recorder: Recorder,
    passing: Passing,
    say: Sender<String>,
    /// The failure that was told last.
    told: Option<String>,
}

impl Work {
    fn run(mut self, ended: &Receiver<()>) {
        loop {
            let pause = self.look();
            if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn look(&mut self) -> Duration {
        // What changed on disk is seen, and a connection that broke is made anew.
        let context = Context::writing_to(self.global.clone(), Box::new(io::sink()));
        let looked =
            context.and_then(|mut context| self.recorder.look(&mut context, &mut self.passing));
        match looked {
            Ok(looked) => {
                self.told = None;
                for line in looked.said {
                    let _ = self.say.send(line);
                }
                self.recorder.pause()
            }
            Err(error) => {
                let text = format!("cannot record: {error:#}");
                if self.told.as_ref() != Some(&text) {
                    let _ = self.say.send(text.clone());
                }
                self.told = Some(text);
                LOOK_EVERY
            }
        }
    }
}
