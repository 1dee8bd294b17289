import { type DocumentNode, GraphQLError, type Token } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../../auth/viewer.ts';
import { FairCache } from './fair-cache.ts';
import { ReadingLimit } from './document-time.ts';

/**
 * Bytes that a token of a document takes, with all that is remembered for it: its nodes and their locations, scopes,
 * complexity, input sizes, selected fields. Measured after garbage collection for twelve kinds of documents of up to 2,000
 * tokens: 260 (literals) to 512 (eleven fields of a user, eight times over).
 */
const BYTES_PER_TOKEN = 512;

/** Bytes of a character, where the document is not Latin-1. */
const BYTES_PER_CHARACTER = 2;

/** Bytes that any document takes, however short. Measured: 1.5 KB. */
const BYTES_PER_DOCUMENT = 2_048;

/** Bytes of an error of validation, with its stack and its locations. Measured: 3.2 KB. */
const BYTES_PER_ERROR = 4_096;

/** Milliseconds of CPU time that a read of one row takes (docs/performance.md): the unit of work of fair shares. */
const MS_PER_WORK = 0.125;

/** A document, and what validation found in it as soon as that is known. */
interface Parsed {
  document: DocumentNode;
  errors?: readonly GraphQLError[];
}

/** Whose documents are counted together: a workspace's public keys, its secrets and its tokens are apart. */
export function cacheOwner(viewer: Viewer | undefined): string {
  return viewer ? `${viewer.credential} ${viewer.workspaceId}` : 'persisted operations';
}

/** The bytes that a document takes, with its text and what is remembered for it. */
export function documentBytes({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let token: Token | null = loc?.startToken ?? null; token; token = token.next) tokens += 1;
  return textBytes(loc?.source.body ?? '') + tokens * BYTES_PER_TOKEN;
}

const textBytes = ({ length }: string) => BYTES_PER_DOCUMENT + length * BYTES_PER_CHARACTER;

/**
 * Parsed documents by their text, with the results of validation. What is remembered of their operations elsewhere
 * (`by-operation.ts`) hangs on their nodes, and is forgotten with them.
 */
export class DocumentCache {
  readonly #readings: FairCache<string, Parsed | { failure: Error }>;
  readonly #byDocument = new WeakMap<DocumentNode, Parsed>();
  readonly limit: ReadingLimit;

  /** @param maxBytes of all documents. @param msPerSecond that a caller's new documents may take; 0: no limit. */
  constructor({ maxBytes, msPerSecond }: { maxBytes: number; msPerSecond: number }) {
    this.#readings = new FairCache(maxBytes);
    // Without a cache, every document would count as new.
    this.limit = new ReadingLimit(maxBytes === 0 ? 0 : msPerSecond);
  }

  /** The weight and the number of what is cached. */
  get figures(): { bytes: number; documents: number } {
    return { bytes: this.#readings.bytes, documents: this.#readings.size };
  }

  /** The document of a text, if it is cached. @throws what parsing the text failed with. */
  documentOf(text: string): DocumentNode | undefined {
    const reading = this.#readings.get(text);
    if (reading && 'failure' in reading) throw reading.failure;
    return reading?.document;
  }

  /** What validation found in a document, if it is known. */
  errorsOf(document: DocumentNode): readonly GraphQLError[] | undefined {
    return this.#byDocument.get(document)?.errors;
  }

  /** Adds a document that was just parsed. */
  addParsed(text: string, document: DocumentNode, owner: string): void {
    const reading: Parsed = { document };
    this.#byDocument.set(document, reading);
    this.#readings.set(text, reading, documentBytes(document), owner);
  }

  /** Adds what a text cannot be parsed for. */
  addFailure(text: string, failure: Error, owner: string): void {
    this.#readings.set(text, { failure }, textBytes(text) + BYTES_PER_ERROR, owner);
  }

  /** Adds what validation found in a document: nothing, if it is valid. */
  addErrors(document: DocumentNode, errors: readonly GraphQLError[], owner: string): void {
    const reading: Parsed = this.#byDocument.get(document) ?? { document };
    reading.errors = errors;
    this.#byDocument.set(document, reading);
    const text = document.loc?.source.body;
    if (errors.length === 0 || text === undefined) return;
    this.#readings.set(text, reading, documentBytes(document) + errors.length * BYTES_PER_ERROR, owner);
  }
}

/** What reading a document needs to know of its request; nothing where the operator's documents are checked at the start. */
interface DocumentContext {
  viewer?: Viewer;
  addWork?(work: number): void;
}

/**
 * Reads documents through the cache. Goes after the plugins that limit what is parsed and validated.
 * @param persisted texts of the operator's own documents, which no time limit applies to.
 */
export function documentCaching(cache: DocumentCache, persisted: ReadonlySet<string>): Plugin<DocumentContext> {
  const limitFor = (text: string | undefined) => (text !== undefined && persisted.has(text) ? undefined : cache.limit);
  return {
    onParse({ params: { source }, context, setParsedDocument }) {
      const text = typeof source === 'string' ? source : source.body;
      const cached = cache.documentOf(text);
      if (cached) {
        setParsedDocument(cached);
        return undefined;
      }
      const owner = cacheOwner(context.viewer);
      const limit = limitFor(text);
      limit?.check(owner);
      const started = performance.now();
      return ({ result }) => {
        const ms = performance.now() - started;
        limit?.spend(owner, ms);
        context.addWork?.(ms / MS_PER_WORK);
        if (result instanceof Error) cache.addFailure(text, result, owner);
        else if (result) cache.addParsed(text, result, owner);
      };
    },
    onValidate({ params: { documentAST }, context, setResult }) {
      const known = cache.errorsOf(documentAST);
      if (known) {
        setResult(known);
        return undefined;
      }
      const owner = cacheOwner(context.viewer);
      const started = performance.now();
      return ({ result }) => {
        const ms = performance.now() - started;
        limitFor(documentAST.loc?.source.body)?.spend(owner, ms);
        context.addWork?.(ms / MS_PER_WORK);
        cache.addErrors(
          documentAST,
          result.filter((error) => error instanceof GraphQLError),
          owner,
        );
      };
    },
  };
}
