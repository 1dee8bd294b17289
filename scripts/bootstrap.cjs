// Prepares a clone: installs missing or outdated packages, and Node.js 24 if this Node.js is older. npm's pre… scripts call it.
// With --dev it installs development packages too; with --postgres the embedded PostgreSQL, unless DATABASE_URL is set.
// The syntax is that of old versions of Node.js, so that they print the message below.
var version = process.versions.node;

if (Number(version.split('.')[0]) < 20) {
  console.error(
    'usergraph needs Node.js 20 or later; got ' +
      version +
      '. Install Node.js 24 from https://nodejs.org or with a version manager ("nvm install 24"), then run the command again.',
  );
  process.exit(1);
}

import('./bootstrap/set-up.js').then((module) => module.setUp(process.argv.slice(2)));
