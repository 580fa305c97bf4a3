//! A pgbouncer of a test's own, which hands every transaction to another server connection than the last.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running pooler, which ends with the test.
pub(crate) struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Pooler {
    pub(crate) async fn before(server: &url::Url) -> Self {
        let program =
            std::env::var("TIEOUT_TEST_PGBOUNCER").unwrap_or_else(|_| "/usr/sbin/pgbouncer".to_owned());
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings(server, port)).unwrap();
        // It refuses to run as root, and takes another account itself; that one has to find its file.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(program);
        if folder.path().metadata().unwrap().uid() == 0 {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.expect("pgbouncer, which tests/run installs: apt-get install pgbouncer");
        let pooler = Self { process, port, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < deadline, "pgbouncer never listened");
            tokio::task::yield_now().await;
        }
        pooler
    }

    pub(crate) fn url(&self, server: &url::Url) -> String {
        let mut url = server.clone();
        url.set_port(Some(self.port)).unwrap();
        url.to_string()
    }
}

fn settings(server: &url::Url, port: u16) -> String {
    let (host, port_of_server) = (server.host_str().unwrap(), server.port().unwrap_or(5432));
    let password = server.password().map(|password| format!(" password={password}")).unwrap_or_default();
    let login = format!("host={host} port={port_of_server} user={}{password}", server.username());
    format!(
        "[databases]\n* = {login}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = transaction\ndefault_pool_size = 8\nserver_round_robin = 1\n"
    )
}
