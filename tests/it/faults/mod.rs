//! Every write can die: the real binary killed at each mutating call, run again, and what is there
//! compared with what an undisturbed run leaves. The calls are learnt from that run, so new
//! resource types need no new code here. `injected` answers in AWS's place instead: its errors, cut
//! connections, lost answers, a storm of all of them.

mod injected;
mod kill;
mod lock;
