//! What the errors of Redis mean. The texts of a server may quote what it was sent, so only its code is repeated, in our own words.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What an error is said against.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The server, for now.
    ForNow(String),
    /// The server, until somebody does something.
    Refusal(String),
}

/// Says whether waiting mends an error.
pub(super) fn blame(error: &RedisError) -> Blame {
    match error.kind() {
        ErrorKind::AuthenticationFailed => Blame::Refusal("the login is refused".to_owned()),
        ErrorKind::InvalidClientConfig => Blame::Refusal("the URL cannot be used".to_owned()),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::CrossSlot) => {
            Blame::Refusal(
                "it is a node of a cluster, which is not supported: name a single server".to_owned(),
            )
        }
        ErrorKind::Server(_) | ErrorKind::Extension => answer(error),
        _ => Blame::ForNow(error.to_string()),
    }
}

/// What the server itself said. Codes that are not known here pass, as `BUSY`, `MISCONF`, `LOADING` and `OOM` do.
fn answer(error: &RedisError) -> Blame {
    let code = error.code().unwrap_or("ERR");
    let why = match code {
        "NOPERM" => "the login may not append to the stream (NOPERM)",
        "NOAUTH" | "WRONGPASS" => "the login is refused",
        "WRONGTYPE" => "the key is not a stream (WRONGTYPE)",
        _ if error.detail().is_some_and(|said| said.starts_with("unknown command")) => {
            "it does not know a command that is needed: XADD is there since Redis 5"
        }
        _ => return Blame::ForNow(format!("the server answers {code}")),
    };
    Blame::Refusal(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::{Value, parse_redis_value};

    fn said(line: &str) -> Blame {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap() {
            Value::ServerError(error) => blame(&RedisError::from(error)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_is_told_in_words_that_quote_nothing() {
        let answers = [
            "NOAUTH Authentication required.",
            "NOPERM User app has no permissions to run the 'xadd' command",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "MOVED 3999 127.0.0.1:6381",
            "ERR unknown command 'XADD', with args beginning with: 'billing' '*' 'event' '{\"secret\":1}'",
            "ERR max number of clients reached",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "LOADING Redis is loading the dataset in memory",
            "MISCONF Errors writing to the AOF file",
        ];
        let told: Vec<String> = answers.into_iter().map(|line| format!("{:?}", said(line))).collect();
        insta::assert_debug_snapshot!(told);
    }
}
