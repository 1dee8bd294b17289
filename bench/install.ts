// Installs the dependencies of bench/ and generates the tutorial server's Prisma client, if they are missing or out of date.
import { installPackages } from '../scripts/install-packages.ts';
import { generateTutorialClient } from './tutorial/generate.ts';

// Without this, Prisma's install script downloads an engine that the benchmark does not need.
installPackages(import.meta.dirname, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath });
generateTutorialClient();
