// Prints what the official parser of AsyncAPI has against the document on standard input. Severity 0 is an error and 1 a warning;
// the rest are hints, such as that a newer specification exists.
import { text } from 'node:stream/consumers';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
const wrong = diagnostics.filter(({ severity }) => severity <= 1);
for (const { severity, code, path, message } of wrong) console.log(severity, code, path.join('.'), message);
process.exitCode = document && wrong.length === 0 ? 0 : 1;
