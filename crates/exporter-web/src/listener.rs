//! Sockets that listen. All are bound before the exporter starts anything else.

use std::io;
use std::net::SocketAddr;

use config_file::Problems;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, lookup_host};

/// How many connections the kernel holds until this process accepts them.
const BACKLOG: i32 = 1024;

/// A bound socket.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    /// Where it listens. If port 0 was requested, this is the assigned port.
    pub address: SocketAddr,
}

impl Listener {
    /// The sockets that systemd passed to this process (`LISTEN_FDS`, `LISTEN_PID`).
    ///
    /// Call it once, at the start and within the runtime: it removes the variables from the environment.
    pub fn from_systemd() -> Result<Vec<Self>, Problems> {
        let mut passed = listenfd::ListenFd::from_env();
        if passed.len() == 0 {
            let problem = "systemd passed no socket: start the exporter through a .socket unit, or listen on an \
                           address with --web.listen-address";
            return Err(problem.to_owned().into());
        }
        let (mut listeners, mut problems) = (Vec::new(), Vec::new());
        for index in 0..passed.len() {
            match passed.take_tcp_listener(index).and_then(|socket| socket.map(Self::adopt).transpose()) {
                Ok(listener) => listeners.extend(listener),
                Err(error) => problems.push(format!(
                    "socket {index} that systemd passed is not a usable TCP socket ({error}): use ListenStream= with a port"
                )),
            }
        }
        Problems::or(problems, listeners)
    }

    fn adopt(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let socket = TcpListener::from_std(socket)?;
        Ok(Self { socket, address })
    }

    fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            // [::] includes IPv4 whatever the machine's default is. Other addresses are IPv6 alone.
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        // A restart gets its port although connections of the previous process are still closing.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Self::adopt(socket.into())
    }
}

/// Binds every address (`HOST:PORT`, or `:PORT` for every interface), or none. Reports all problems at once, each with its
/// address.
pub async fn bind(addresses: &[String]) -> Result<Vec<Listener>, Problems> {
    let (mut listeners, mut problems) = (Vec::new(), Vec::new());
    for address in addresses {
        let bound = match address.strip_prefix(':') {
            None => bind_all(address).await,
            // [::] includes IPv4.
            Some(port) => match bind_all(&format!("[::]:{port}")).await {
                Err(error) if lacks_family(&error) => bind_all(&format!("0.0.0.0:{port}")).await,
                bound => bound,
            },
        };
        match bound {
            Ok(bound) => listeners.extend(bound),
            Err(error) => problems.push(format!("cannot listen on {address}: {error}{}", advice(&error))),
        }
    }
    if addresses.is_empty() {
        problems.push("there is no address to listen on: give one with --web.listen-address".to_owned());
    }
    Problems::or(problems, listeners)
}

/// Binds each address that a name resolves to. An address family that this machine does not have is left out.
async fn bind_all(address: &str) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for address in lookup_host(address).await? {
        match Listener::open(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) if lacks_family(&error) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    missing.filter(|_| listeners.is_empty()).map_or(Ok(listeners), Err)
}

/// Without IPv6, either the socket cannot be made (EAFNOSUPPORT, which has no kind) or its address does not exist.
fn lacks_family(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = if cfg!(target_os = "linux") { 97 } else { 47 };
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(EAFNOSUPPORT)
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another process listens there: stop it or choose another --web.listen-address",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges: choose a higher one",
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bind_listens_on_every_address() {
        let listeners = bind(&["127.0.0.1:0", "127.0.0.1:0"].map(String::from)).await.unwrap();
        assert_eq!(listeners.len(), 2);
        assert_ne!(listeners[0].address.port(), 0);
        assert_ne!(listeners[0].address, listeners[1].address);
    }

    #[tokio::test]
    async fn bind_resolves_names() {
        let listeners = bind(&["localhost:0".to_owned()]).await.unwrap();
        assert!(!listeners.is_empty());
        assert!(listeners.iter().all(|listener| listener.address.ip().is_loopback()));
    }

    #[tokio::test]
    async fn each_problem_names_its_address() {
        let taken = bind(&["127.0.0.1:0".to_owned()]).await.unwrap();
        let port = taken[0].address.port();
        let problems = bind(&[format!("127.0.0.1:{port}"), "192.0.2.1:9943".to_owned()])
            .await
            .unwrap_err();
        assert_eq!(
            problems.to_string(),
            format!(
                "cannot listen on 127.0.0.1:{port}: Address already in use (os error 98); another process listens \
                 there: stop it or choose another --web.listen-address\n\
                 cannot listen on 192.0.2.1:9943: Cannot assign requested address (os error 99); this machine does \
                 not have that address"
            )
        );
    }

    #[tokio::test]
    async fn a_missing_systemd_socket_is_a_problem() {
        let problems = Listener::from_systemd().unwrap_err();
        assert!(
            problems.to_string().starts_with("systemd passed no socket"),
            "{problems}"
        );
    }
}
