import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seed } from '../seed.ts';

const HELP = `node scripts/seed/command.ts

Puts the demo data into the system behind GATEWAY_URL, which it gives three minutes to come up.
INTERNAL_TOKEN is the secret by which the parts of that system know one another.`;

const WAIT_MS = 180_000;

const { values: options } = parseArgs({ options: { help: { type: 'boolean' } } });
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const { GATEWAY_URL: gatewayUrl, INTERNAL_TOKEN: internalToken } = process.env;
if (!gatewayUrl || !internalToken) {
  console.error(`Set GATEWAY_URL and INTERNAL_TOKEN.\n\n${HELP}`);
  process.exit(78); // EX_CONFIG of sysexits.h
}

const giveUpAt = Date.now() + WAIT_MS;
while (true) {
  try {
    await seed({ gatewayUrl, internalToken, log: console.log });
    break;
  } catch (error) {
    if (Date.now() > giveUpAt) throw error;
    console.log(`Not yet: ${error instanceof Error ? error.message : error}`);
    await sleep(2_000);
  }
}
