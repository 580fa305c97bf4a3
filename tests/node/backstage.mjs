// Tells whether Backstage takes the catalogue file on standard input, by its own schemas and rules. What `$text` refers to is put
// in its place first, as Backstage does; paths begin at the folder that is named.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';

// Of the two forms of this package, Node.js 18 reads only the one that is not a module.
const model = createRequire(join(process.cwd(), 'package.json'))('@backstage/catalog-model');
const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(), new model.DefaultNamespaceEntityPolicy(), new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const kinds = { API: model.apiEntityV1alpha1Validator, Component: model.componentEntityV1alpha1Validator };

for (const document of parseAllDocuments(await text(process.stdin))) {
  const entity = document.toJS();
  const file = entity.spec.definition?.$text;
  if (file) entity.spec.definition = readFileSync(join(process.argv[1], file), 'utf8');
  await policy.enforce(entity);
  if (!(await kinds[entity.kind].check(entity))) throw new Error(`this is no ${entity.kind}`);
  console.log(entity.kind, entity.metadata.name);
}
