import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { fillBaseImage } from './base-images.ts';
import { type Instruction, parseDockerfile, type Stage } from './dockerfile.ts';
import { parseIgnoreFile } from './ignore-file.ts';

/** What a Dockerfile makes: a folder with all files, and how its program runs. */
export interface Image {
  /** The folder that becomes `/`. */
  root: string;
  environment: Record<string, string>;
  /** The working directory. */
  directory: string;
  /** `65532:65532` */
  user: string;
  entrypoint: string[];
  command: string[];
  healthCheck: string[];
}

interface Build {
  /** The folder from which COPY copies. */
  context: string;
  isInContext: (path: string) => boolean;
  /** The stages so far, by name. */
  stages: Map<string, Image>;
  /** The environment of RUN. */
  environment: Record<string, string>;
}

/**
 * Executes a Dockerfile without a container engine: each stage in an empty folder, and RUN lines with the machine's shell in
 * the working directory of that folder, so they must use relative paths.
 * @param file the Dockerfile. `<file>.dockerignore` selects the files of the context.
 * @param folder a folder for the stages.
 * @param environment of RUN lines.
 */
export function buildImage(file: string, context: string, folder: string, environment: Record<string, string>): Image {
  const build: Build = {
    context,
    isInContext: parseIgnoreFile(readFileSync(`${file}.dockerignore`, 'utf8')),
    stages: new Map(),
    environment,
  };
  let image: Image | undefined;
  for (const stage of parseDockerfile(readFileSync(file, 'utf8'))) image = buildStage(stage, folder, build);
  if (!image) throw new Error(`${file} has no stage.`);
  return image;
}

function buildStage(stage: Stage, folder: string, build: Build): Image {
  const image: Image = {
    root: mkdtempSync(join(folder, 'stage-')),
    environment: {},
    directory: '/',
    user: '0:0',
    entrypoint: [],
    command: [],
    healthCheck: [],
  };
  chmodSync(image.root, 0o755);
  fillBaseImage(stage.base, image.root);
  for (const instruction of stage.instructions) {
    const execute = instructions[instruction.name];
    if (!execute) throw new Error(`Unsupported instruction: ${instruction.name}`);
    execute(image, instruction, build);
  }
  if (stage.name) build.stages.set(stage.name, image);
  return image;
}

const ignore = () => {};

const instructions: Record<string, (image: Image, instruction: Instruction, build: Build) => void> = {
  WORKDIR: (image, { text }) => {
    image.directory = text;
    mkdirSync(join(image.root, text), { recursive: true });
  },
  COPY: copy,
  RUN: (image, { text }, { environment }) => {
    execFileSync('sh', ['-ec', text], {
      cwd: join(image.root, image.directory),
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  },
  ENV: (image, { text }) => {
    for (const [, name = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) image.environment[name] = value;
  },
  USER: (image, { text }) => {
    image.user = text;
  },
  ENTRYPOINT: (image, { text }) => {
    image.entrypoint = readCommand(text);
  },
  CMD: (image, { text }) => {
    image.command = readCommand(text);
  },
  HEALTHCHECK: (image, { text }) => {
    image.healthCheck = readCommand(text.replace(/^CMD /, ''));
  },
  EXPOSE: ignore,
  LABEL: ignore,
  STOPSIGNAL: ignore,
};

/** A command in exec form, the only one that works without a shell. */
const readCommand = (text: string) => z.array(z.string()).parse(JSON.parse(text));

function copy(image: Image, { text, flags }: Instruction, build: Build): void {
  const paths = text.split(/\s+/);
  const destination = paths.pop() ?? '';
  const target = join(image.root, destination.startsWith('/') ? '' : image.directory, destination);
  const stage = flags.from === undefined ? undefined : build.stages.get(flags.from);
  if (flags.from !== undefined && !stage) throw new Error(`COPY --from=${flags.from}: no such stage`);
  for (const path of paths) {
    const source = join(stage?.root ?? build.context, path);
    // Like Docker: the content of a folder is copied, and a file under its own name if the destination ends with a slash.
    const isIntoFolder = destination.endsWith('/') && !statSync(source).isDirectory();
    const copied = isIntoFolder ? join(target, basename(source)) : target;
    mkdirSync(dirname(copied), { recursive: true });
    // Links instead of copies: the folder of the other stage is not needed any more.
    if (stage) execFileSync('cp', ['--archive', '--link', '--no-target-directory', source, copied]);
    else copyFromContext(source, copied, build);
  }
}

function copyFromContext(source: string, target: string, { context, isInContext }: Build): void {
  if (!statSync(source).isDirectory() && !isInContext(relative(context, source))) {
    throw new Error(`COPY ${relative(context, source)}: excluded by .dockerignore`);
  }
  const isCopied = (path: string) => statSync(path).isDirectory() || isInContext(relative(context, path));
  cpSync(source, target, { recursive: true, filter: isCopied });
}
