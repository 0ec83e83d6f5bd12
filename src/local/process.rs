//! Processes by identity, not by bare number: a pid counts as ours only with the start time noted
//! when we started it.

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::time::Duration;
#[cfg(unix)]
use tokio::time::{Instant, sleep};

/// How long a twin may take to put its affairs in order before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// After SIGKILL only the kernel is left to wait for.
#[cfg(unix)]
const KILLED: Duration = Duration::from_secs(5);
#[cfg(unix)]
const POLL: Duration = Duration::from_millis(50);

/// A mark that no later process with the same pid shares: the start time, in the kernel's own
/// words. `None`: no such process, or only its zombie.
pub(super) fn start_mark(pid: u32) -> Option<String> {
    if std::path::Path::new("/proc/self/stat").exists() {
        return mark_from_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    }
    // macOS has no /proc; ps prints the state and the start time to the second.
    let output = std::process::Command::new("ps")
        .env("LC_ALL", "C")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// proc(5): the second field is the command in brackets and may hold anything, so count from the
/// last bracket: field 3 is the state, field 22 the start in clock ticks since boot.
fn mark_from_stat(stat: &str) -> Option<String> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?;
    (state != "Z" && state != "X").then(|| start.to_owned())
}

/// Ends the process group led by `pid`, politely first. `mark` is checked before every signal, so
/// that a pid that was given to somebody else meanwhile is left alone.
#[cfg(unix)]
pub(super) async fn stop_group(pid: u32, mark: &str, grace: Duration) -> Result<(), String> {
    let Some(leader) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Err(format!("{pid} is no process id"));
    };
    let ours = || start_mark(pid).as_deref() == Some(mark);
    if !ours() {
        return Ok(());
    }
    for (signal, budget) in [(Signal::TERM, grace), (Signal::KILL, KILLED)] {
        if !ours() {
            break;
        }
        if let Err(error) = kill_process_group(leader, signal) {
            // A leader that is not (yet) in a group of its own can still be signalled alone.
            kill_process(leader, signal)
                .map_err(|_| format!("cannot signal process {pid}: {error}"))?;
        }
        let deadline = Instant::now() + budget;
        while ours() && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }
    if ours() {
        return Err(format!("process {pid} does not end, even after SIGKILL"));
    }
    // Its Lambda processes share the group. The leader ended a moment ago, so its number is not in
    // use again yet.
    let _gone_already = kill_process_group(leader, Signal::KILL);
    Ok(())
}

/// Without process groups there is no twin to stop: `TwinConfig::from_env` refuses before that.
#[cfg(not(unix))]
pub(super) async fn stop_group(pid: u32, _mark: &str, _grace: Duration) -> Result<(), String> {
    Err(format!("cannot signal process {pid} on {}", std::env::consts::OS))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;

    #[test]
    fn reads_the_start_time_past_a_nasty_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2";
        assert_eq!(mark_from_stat(stat).as_deref(), Some("987654"));
        assert_eq!(mark_from_stat(&stat.replace(" S ", " Z ")), None);
        assert_eq!(mark_from_stat("42 (a"), None);
    }

    #[test]
    fn knows_this_process_and_not_a_missing_one() {
        assert!(start_mark(std::process::id()).is_some());
        assert_eq!(start_mark(u32::MAX), None);
    }

    #[tokio::test]
    async fn stops_a_whole_group() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "trap '' TERM; sleep 600 & echo $!; wait; wait"])
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(child.stdout.take().unwrap()),
            &mut line,
        )
        .unwrap();
        let grandchild: u32 = line.trim().parse().unwrap();
        let mark = start_mark(child.id()).unwrap();

        stop_group(child.id(), &mark, Duration::from_millis(200)).await.unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + KILLED;
        while start_mark(grandchild).is_some() {
            assert!(Instant::now() < deadline, "the grandchild outlived its group");
            sleep(POLL).await;
        }
    }

    /// The kernel acts on a signal when it likes: the group is asked to answer two more signals,
    /// one after the other. Whatever was sent before them has had its effect by then.
    #[tokio::test]
    async fn never_signals_a_group_with_another_mark() {
        let script = "trap 'echo ended' TERM; trap 'echo first' USR1; trap 'echo second' USR2; \
                      sleep 600 & echo ready; while kill -0 $!; do wait; done";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let (id, mark) = (child.id(), start_mark(child.id()).unwrap());
        let leader = Pid::from_raw(id.try_into().unwrap()).unwrap();
        let output = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = std::io::BufRead::lines(output).map(|line| line.unwrap());
        assert_eq!(lines.next().as_deref(), Some("ready"));

        stop_group(id, "not that one", GRACE).await.unwrap();
        let mut seen = Vec::new();
        for (signal, word) in [(Signal::USR1, "first"), (Signal::USR2, "second")] {
            let _ended_where_it_was_signalled = kill_process(leader, signal);
            seen.extend(lines.by_ref().take_while(|line| line != word));
        }
        let alive = start_mark(id).as_deref() == Some(mark.as_str());

        stop_group(id, &mark, Duration::from_millis(200)).await.unwrap();
        child.wait().unwrap();
        assert!(alive && seen.is_empty(), "alive: {alive}, said {seen:?}");
    }
}
