import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crdYaml } from './generate-crd/crd.ts';

const HELP = `node scripts/generate-crd.ts [--check | --write]

Prints the CustomResourceDefinition of drills, whose schema comes from packages/contracts/src/drills.ts.

  --check   fails when charts/orderflow/crds/drills.yaml is another
  --write   writes it there
  --help    this text`;

const file = fileURLToPath(new URL('../charts/orderflow/crds/drills.yaml', import.meta.url));
const { values } = parseArgs({
  options: { check: { type: 'boolean' }, write: { type: 'boolean' }, help: { type: 'boolean' } },
});

if (values.help) {
  console.log(HELP);
} else if (values.write) {
  writeFileSync(file, crdYaml());
} else if (values.check) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== crdYaml()) {
    console.error('The definition of drills is out of date: node scripts/generate-crd.ts --write');
    process.exitCode = 1;
  }
} else {
  process.stdout.write(crdYaml());
}
