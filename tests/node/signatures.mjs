// Lets a provider's own library verify a delivery, which is JSON on standard input: whose signature it has, the secret, the headers
// and the body. Fails where the library refuses it, or takes another body or another secret with the same signature.
import { text } from 'node:stream/consumers';
import { verify } from '@octokit/webhooks-methods';
import '@shopify/shopify-api/adapters/node';
import { shopifyApi } from '@shopify/shopify-api';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

const libraries = {
  standard: async (secret, headers, body) => new Webhook(secret).verify(body, headers),
  stripe: async (secret, headers, body) => Stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret),
  github: async (secret, headers, body) => {
    if (!(await verify(secret, body, headers['x-hub-signature-256']))) throw new Error('@octokit/webhooks-methods says no');
  },
  shopify: async (secret, headers, body) => {
    const shopify = shopifyApi({
      apiKey: 'key', apiSecretKey: secret, apiVersion: '2025-01', hostName: 'app.example.com', isEmbeddedApp: false,
      logger: { log: () => {} },
    });
    const said = await shopify.webhooks.validate({ rawBody: body, rawRequest: { headers }, rawResponse: {} });
    if (!said.valid) throw new Error(`@shopify/shopify-api says ${JSON.stringify(said)}`);
  },
};

const { whose, secret, other, headers, body } = JSON.parse(await text(process.stdin));
const library = libraries[whose];
await library(secret, headers, body);
for (const [what, wrong] of [['another body', [secret, headers, `${body} `]], ['another secret', [other, headers, body]]]) {
  const taken = await library(...wrong).then(() => true, () => false);
  if (taken) throw new Error(`the library takes ${what}`);
}
console.log('verified');
