//! Three NATS servers of a test's own as one cluster, each of which has a replica of the stream.

use super::client::nats;
use super::server::{Server, any_port};
use crate::process::until_so;

pub(super) struct Cluster {
    members: Vec<Member>,
    stream: String,
}

struct Member {
    name: String,
    port: u16,
    server: Server,
}

impl Cluster {
    pub(super) async fn new() -> Self {
        loop {
            let mut cluster = Self::begun();
            // Somebody else may have one of the ports.
            if cluster.has_stream().await {
                return cluster;
            }
        }
    }

    fn begun() -> Self {
        let ports = [(); 3].map(|()| any_port());
        let route = |port: u16| format!("nats://127.0.0.1:{}", port + 4_000);
        let routes = ports.map(route).join(",");
        let members = ports.map(|port| {
            let (name, number, mut server) = (format!("member-{port}"), port.to_string(), Server::new());
            let args = ["-a", "127.0.0.1", "-p", &number, "-n", &name, "-js", "-sd", "store"];
            let joins = ["--cluster_name", "tieout", "--cluster", &route(port), "--routes", &routes];
            server.spawn("KILL", "nats-server", &[&args[..], &joins[..]].concat(), &[]);
            Member { name, port, server }
        });
        let stream = format!("tieout_test_{}", uuid::Uuid::now_v7().simple());
        Self { members: members.into(), stream }
    }

    /// Waits until the members have agreed on the stream; not where one of them ends instead.
    async fn has_stream(&mut self) -> bool {
        let (members, stream) = (&mut self.members, &self.stream);
        let mut has_ended = false;
        until_so("the cluster has a stream", async || {
            has_ended = members.iter_mut().any(|member| member.server.has_ended());
            has_ended || nats::replicates(members[0].port, stream).await
        })
        .await;
        !has_ended
    }

    /// The member that leads the stream, as another one sees it.
    async fn leader(&self) -> usize {
        let mut leader = None;
        until_so("the stream has a leader", async || {
            let name = nats::leader(self.members[0].port, &self.stream).await;
            leader = self.members.iter().position(|member| Some(&member.name) == name.as_ref());
            leader.is_some()
        })
        .await;
        leader.unwrap()
    }

    /// The port of a member that does not lead the stream.
    pub(super) async fn follower(&self) -> u16 {
        let leader = self.leader().await;
        self.members[(leader + 1) % self.members.len()].port
    }

    /// Kills the member that leads the stream. It does not come back.
    pub(super) async fn kill_leader(&mut self) {
        let leader = self.leader().await;
        self.members.remove(leader).server.kill();
    }

    /// The stream as a queue of `tieout.yaml`, behind a port.
    pub(super) fn queue(&self, port: u16) -> String {
        format!(r#"nats: {{url: "nats://127.0.0.1:{port}", subject: {}}}"#, self.stream)
    }

    pub(super) async fn received(&self) -> Vec<String> {
        let mut received = None;
        until_so("the cluster can be read", async || {
            received = nats::read(self.members[0].port, &self.stream).await;
            received.is_some()
        })
        .await;
        received.unwrap()
    }
}
