//! Lets the database drivers send small packets at once. sqlx 0.9.0 leaves Nagle's algorithm on (its issue 4335), so that every message
//! of several packets waits 40 ms for an acknowledgement that the server holds back. The driver hands out no socket; the
//! kernel hands out another handle of it. To be deleted with the first release of sqlx that sets `TCP_NODELAY` itself.

/// Sets `TCP_NODELAY` on every TCP connection of this process. Where the system does not let us, what is sent is slow and nothing else.
#[cfg(target_os = "linux")]
pub(crate) fn on_all_connections() {
    use std::fs::{read_dir, read_link};

    use rustix::net::sockopt::set_tcp_nodelay;
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let Ok(this) = pidfd_open(getpid(), PidfdFlags::empty()) else { return };
    for entry in read_dir("/proc/self/fd").into_iter().flatten().flatten() {
        let is_socket = read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        let number = entry.file_name().to_string_lossy().parse();
        if let (true, Ok(number)) = (is_socket, number)
            && let Ok(socket) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty())
        {
            // Other sockets refuse it.
            let _not_tcp = set_tcp_nodelay(&socket, true);
        }
    }
}

/// Elsewhere nothing hands a socket out.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn on_all_connections() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_that_is_open_sends_at_once_from_then_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(!connection.nodelay().unwrap());
        on_all_connections();
        assert!(connection.nodelay().unwrap());
    }
}
