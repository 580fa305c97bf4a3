//! A systemd service that runs once, and the timer that starts it, as text. Pure.

use std::time::Duration;

/// What the units say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Units<'u> {
    /// The name of both, without what stands behind the dot.
    pub(super) name: &'u str,
    /// Whose account and folder for state it uses: its own name, or that of another pair.
    pub(super) account: &'u str,
    /// The program and its arguments.
    pub(super) command: Vec<String>,
    /// When it starts, as systemd.time(7) has it.
    pub(super) on_calendar: &'u str,
    /// By how much a start may be late, so that not everybody asks a provider at the same second.
    pub(super) random_delay: Duration,
    /// Names of credentials, and the files that they are in.
    pub(super) credentials: Vec<(String, String)>,
}

impl Units<'_> {
    /// The `.service` file.
    pub(super) fn service(&self) -> String {
        let Self { name, account, .. } = self;
        // Units that name one account have one number, also at the same time.
        let user = if name == account { String::new() } else { format!("User={account}\n") };
        let command: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        let command = command.join(" ");
        let credentials = self.credentials.iter();
        let credentials: Vec<String> = credentials
            .map(|(name, path)| format!("LoadCredential={name}:{}\n", path.replace('%', "%%")))
            .collect();
        let credentials = credentials.concat();
        format!(
            "[Unit]
Description=tieout: prove that our records and those of third parties agree
Wants=network-online.target
After=network-online.target
# With Restart= below: at most three runs in this time, which is shorter than the pauses of an hourly timer, whose starts count as well.
StartLimitIntervalSec=50min
StartLimitBurst=3

[Service]
Type=oneshot
ExecStart={command}
# Differences were found, which --detailed-exitcode asks to be told.
SuccessExitStatus=4
# Another run goes on where this one ended. Where only a person can help (2, 5, 6, 7), it is not tried again.
Restart=on-failure
RestartSec=5min
RestartPreventExitStatus=2 5 6 7
# It ends within 20 s of SIGTERM and keeps what was done.
TimeoutStopSec=90
KillMode=mixed

# In tieout.yaml: file:/run/credentials/{name}.service/NAME
{credentials}DynamicUser=yes
{user}StateDirectory={account}
StateDirectoryMode=0700
WorkingDirectory=%S/{account}
UMask=0077

CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
DevicePolicy=closed
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"
        )
    }

    /// The `.timer` file.
    pub(super) fn timer(&self) -> String {
        let Self { on_calendar, .. } = self;
        let delay = self.random_delay.as_secs();
        format!(
            "[Unit]
Description=when tieout runs

[Timer]
OnCalendar={on_calendar}
# A host that was off at that time runs it when it is on again.
Persistent=true
RandomizedDelaySec={delay}s

[Install]
WantedBy=timers.target
"
        )
    }
}

/// A word of a command line, by the rules of systemd.service(5).
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let escaped = word.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '%' | '$' => escaped.extend([c, c]),
            c => escaped.push(c),
        }
        escaped
    });
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> Units<'static> {
        Units {
            name: "tieout",
            account: "tieout",
            command: ["/usr/local/bin/tieout", "--config", "/etc/tieout/tieout.yaml", "run"]
                .map(str::to_owned)
                .into(),
            on_calendar: "*-*-* 02:00:00 Europe/London",
            random_delay: Duration::from_mins(10),
            credentials: vec![("stripe_key".into(), "/etc/tieout/credentials/100%".into())],
        }
    }

    #[test]
    fn the_service_is_shut_in_and_runs_again_only_where_that_helps() {
        insta::assert_snapshot!(units().service());
    }

    #[test]
    fn a_pair_beside_another_one_has_its_account_and_its_state_and_no_credential_of_it() {
        let beside = Units { name: "tieout-retry", ..units() }.service();
        for line in ["User=tieout", "StateDirectory=tieout", "WorkingDirectory=%S/tieout"] {
            assert!(beside.lines().any(|said| said == line), "{line}");
        }
        assert!(beside.contains("file:/run/credentials/tieout-retry.service/NAME"));
        assert!(!units().service().contains("User=tieout\n"));
    }

    #[test]
    fn the_timer_makes_up_for_a_host_that_was_off() {
        insta::assert_snapshot!(units().timer());
    }

    #[test]
    fn words_are_quoted_so_that_systemd_expands_nothing_in_them() {
        let quoted: Vec<String> =
            ["run", "stripe.*", "50%", "$HOME", "two words", "a\"b\\", ""].map(quoted).into();
        assert_eq!(
            quoted,
            ["run", "\"stripe.*\"", "\"50%%\"", "\"$$HOME\"", "\"two words\"", "\"a\\\"b\\\\\"", "\"\""]
        );
    }
}
