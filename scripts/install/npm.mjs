import { root } from './root.mjs';
import { runQuietly } from './run.mjs';

/** Runs `npm ci` with a line of progress, and shows what npm said only when it fails. */
export async function installDependencies() {
  const stopProgress = showProgress('Installing the dependencies (once; about a minute)');
  // Under "npm start" npm names its own program; used with the same Node it needs no npm on the PATH.
  const { npm_execpath: npm } = process.env;
  const [command, ...prefix] = npm && /\.c?js$/.test(npm) ? [process.execPath, npm] : ['npm'];
  // The database clients are made afterwards, with progress of their own; no dependency needs its install script.
  const args = [
    ...prefix,
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
  ];
  const { code, output } = await runQuietly(command, args, { cwd: root });
  stopProgress();
  if (code === 0) return;
  throw new Error(
    `${output}\nThe dependencies could not be installed (npm ci ended with ${code}; its words are above). ` +
      'Without a network or with a proxy, check "npm ping"; when package.json was edited by hand, run "npm install".',
  );
}

/** Counts the seconds on a terminal; elsewhere a line every ten. */
function showProgress(message) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const { isTTY } = process.stdout;
  if (!isTTY) console.log(`${message} …`);
  const timer = setInterval(
    () => (isTTY ? process.stdout.write(`\r${message} … ${seconds()} s`) : console.log(`  … ${seconds()} s`)),
    isTTY ? 1000 : 10_000,
  );
  return () => {
    clearInterval(timer);
    console.log(`${isTTY ? '\r' : ''}${message}: done in ${seconds()} s.`);
  };
}
