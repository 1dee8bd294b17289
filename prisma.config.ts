import { defineConfig } from 'prisma/config';

// `prisma generate` otherwise tries to download an engine that it does not need.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma' });
