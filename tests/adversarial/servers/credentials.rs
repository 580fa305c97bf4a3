//! Credentials that are refused, at once or on the way.

use serde_json::json;

use crate::api::token;
use crate::http::Reply;
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [fixed(), minted()].into_iter().flatten().collect()
}

/// A server that hands out access tokens at `/token`, each of them another one.
fn minting(name: &'static str, does: &'static str) -> Server {
    let oauth = "{oauth: {grant: client_credentials, token_url: BASE/token, client: \"{secret.key}\", secret: \"{secret.key}\"}}";
    Server::new(name, does).edit("provider.yaml", "{bearer: \"{secret.key}\"}", oauth).looks_up(
        |api, asked| {
            if asked.path() != "/token" {
                return api.look_up(asked);
            }
            let name = format!("token_{}", api.known.len());
            api.known.insert(name.clone());
            token(&name)
        },
    )
}

fn minted() -> Vec<Server> {
    vec![
        minting(
            "a_token_that_expires_mid_walk",
            "takes its first access token back in front of the second page",
        )
        .lists(|api, asked| {
            let is_first = asked.header("authorization") == Some("Bearer token_0");
            if api.asks >= 2 && is_first { Reply::json(401, "{}") } else { api.honest(asked) }
        })
        .extra(3),
        minting(
            "no_token_is_good_enough",
            "hands out access tokens and refuses every one of them from the second page on",
        )
        .lists(|api, asked| if api.asks >= 2 { Reply::json(401, "{}") } else { api.honest(asked) })
        .extra(3)
        .rejected("the credentials are rejected (status 401)"),
        minting(
            "token_requests_are_redirected_elsewhere",
            "redirects the request for an access token to another port",
        )
        .looks_up(|api, asked| {
            Reply::says(307, "").with("location", format!("{}{}", api.elsewhere, asked.path()))
        })
        .extra(3)
        .partial("the token endpoint gives no token out"),
    ]
}

fn fixed() -> Vec<Server> {
    vec![
        Server::new("401_at_once", "refuses the credentials with the first request")
            .lists(|_, _| Reply::json(401, json!({ "error": "invalid_token" })))
            .rejected("the credentials are rejected (status 401)"),
        Server::new(
            "401_mid_walk",
            "refuses the credentials on the second page, and does not take them again",
        )
        .lists(|api, asked| if api.asks >= 2 { Reply::json(401, "{}") } else { api.honest(asked) })
        .rejected("the credentials are rejected (status 401)"),
        Server::new("403_mid_walk", "forbids the second page")
            .lists(|api, asked| if api.asks >= 2 { Reply::json(403, "{}") } else { api.honest(asked) })
            .rejected("the credentials are rejected (status 403)"),
        Server::new("401_for_look_ups", "shows every page and refuses the credentials for look-ups")
            .looks_up(|_, _| Reply::says(401, "<html>log in</html>").with("content-type", "text/html"))
            .rejected("the credentials are rejected (status 401)"),
        Server::new(
            "403_that_a_rule_calls_a_pause",
            "forbids the second page once, which a rule calls a pause",
        )
        .rules("  - {when: {status: 403, body: {message: /rate limit/}}, do: retry}\n")
        .lists(|api, asked| match api.asks {
            2 => Reply::json(403, json!({ "message": "You have exceeded a secondary rate limit" })),
            _ => api.honest(asked),
        })
        .extra(1),
        Server::new("an_echo_of_the_credential", "writes the credential that it was sent into its refusal")
            .lists(|api, asked| match api.asks {
                2 => Reply::json(400, json!({ "error": asked.header("authorization") })),
                _ => api.honest(asked),
            })
            .partial("refuses the request (status 400)"),
    ]
}
