import { type DocumentNode, GraphQLError, type Token } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../../auth/viewer.ts';
import { limitChannel } from '../../telemetry/channels.ts';
import { DocumentTimeLimit } from './document-time.ts';
import { FairCache } from './fair-cache.ts';
import type { OperationFacts } from './operation-reports.ts';

/**
 * Bytes per token of a document, including everything that is cached with it: nodes and their locations, scopes, complexity,
 * input sizes, selected fields. Measured after garbage collection for twelve kinds of documents of up to 2,000 tokens: 260
 * (literals) to 512 (eleven fields of a user, repeated eight times).
 */
const BYTES_PER_TOKEN = 512;

/** Bytes per character of a document that is not Latin-1. */
const BYTES_PER_CHARACTER = 2;

/** Bytes of an empty document. Measured: 1.5 KB. */
const BYTES_PER_DOCUMENT = 2_048;

/** Bytes of a validation error with its stack and its locations. Measured: 3.2 KB. */
const BYTES_PER_ERROR = 4_096;

/** CPU time in ms of reading one row (docs/performance.md): the unit of work of load shedding. */
const MS_PER_UNIT_OF_WORK = 0.125;

/** A parsed document, with its validation errors once it is validated. */
interface Parsed {
  document: DocumentNode;
  errors?: readonly GraphQLError[];
}

/** The owner of cached documents: one per workspace and kind of credential (public key, secret, token). */
export function cacheOwner(viewer: Viewer | undefined): string {
  return viewer ? `${viewer.credential} ${viewer.workspaceId}` : 'persisted operations';
}

/** The bytes of a document, its text, and everything that is cached with it. */
export function documentBytes({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let token: Token | null = loc?.startToken ?? null; token; token = token.next) tokens += 1;
  return textBytes(loc?.source.body ?? '') + tokens * BYTES_PER_TOKEN;
}

const textBytes = ({ length }: string) => BYTES_PER_DOCUMENT + length * BYTES_PER_CHARACTER;

/**
 * Caches parsed documents and validation errors by text. What `checks/operation-cache.ts` caches for the operations of a document
 * is evicted with it.
 */
export class DocumentCache {
  readonly #entries: FairCache<string, Parsed | { syntaxError: Error }>;
  readonly #byDocument = new WeakMap<DocumentNode, Parsed>();
  readonly limit: DocumentTimeLimit;

  /** @param maxBytes of all documents. @param msPerSecond CPU time for the new documents of one caller; 0: no limit. */
  constructor({ maxBytes, msPerSecond }: { maxBytes: number; msPerSecond: number }) {
    this.#entries = new FairCache(maxBytes);
    // Without a cache, every document would count as new.
    this.limit = new DocumentTimeLimit(maxBytes === 0 ? 0 : msPerSecond);
  }

  /** Bytes and number of cached documents. */
  get figures(): { bytes: number; documents: number } {
    return { bytes: this.#entries.bytes, documents: this.#entries.size };
  }

  /** Finds the document of a text. @throws the cached syntax error of the text. */
  documentOf(text: string): DocumentNode | undefined {
    const entry = this.#entries.get(text);
    if (entry && 'syntaxError' in entry) throw entry.syntaxError;
    return entry?.document;
  }

  /** The validation errors of a document; undefined if it has not been validated. */
  errorsOf(document: DocumentNode): readonly GraphQLError[] | undefined {
    return this.#byDocument.get(document)?.errors;
  }

  /** Adds a parsed document. */
  addParsed(text: string, document: DocumentNode, owner: string): void {
    const parsed: Parsed = { document };
    this.#byDocument.set(document, parsed);
    this.#entries.set(text, parsed, documentBytes(document), owner);
  }

  /** Adds the syntax error of a text. */
  addSyntaxError(text: string, syntaxError: Error, owner: string): void {
    this.#entries.set(text, { syntaxError }, textBytes(text) + BYTES_PER_ERROR, owner);
  }

  /** Adds the validation errors of a document; none if it is valid. */
  addErrors(document: DocumentNode, errors: readonly GraphQLError[], owner: string): void {
    const parsed: Parsed = this.#byDocument.get(document) ?? { document };
    parsed.errors = errors;
    this.#byDocument.set(document, parsed);
    const text = document.loc?.source.body;
    if (errors.length === 0 || text === undefined) return;
    this.#entries.set(text, parsed, documentBytes(document) + errors.length * BYTES_PER_ERROR, owner);
  }
}

/** The properties of a request's context that this plugin reads; none when persisted operations are checked on startup. */
interface DocumentContext {
  viewer?: Viewer;
  addWork?(work: number): void;
  operation?: OperationFacts;
}

/** Measures a phase. @returns a function that charges its CPU time to the owner of the document. */
function startTimer(
  phase: 'parseMs' | 'validateMs',
  limit: DocumentTimeLimit | undefined,
  { addWork, operation }: DocumentContext,
  owner: string,
): () => void {
  const started = performance.now();
  return () => {
    const ms = performance.now() - started;
    if (operation) operation[phase] += ms;
    limit?.spend(owner, ms);
    addWork?.(ms / MS_PER_UNIT_OF_WORK);
  };
}

/**
 * Checks the time limit of the owner of a document. Reports its rejection once, also if Yoga's handler parses it again after
 * `executeDirectly`, and rejects it then as well.
 * @throws {GraphQLError} `RATE_LIMITED`
 */
function checkTime(limit: DocumentTimeLimit, owner: string, operation: OperationFacts | undefined): void {
  if (operation?.documentTimeError !== undefined) throw operation.documentTimeError;
  try {
    limit.check(owner);
  } catch (error) {
    limitChannel.publish({ reason: 'document_time' });
    if (operation) operation.documentTimeError = error;
    throw error;
  }
}

/**
 * Parses and validates documents through the cache. Register it after the plugins that limit documents.
 * @param persisted texts of the persisted operations, to which the time limit does not apply, whether they are requested by id or
 *   by text.
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
      if (limit) checkTime(limit, owner, context.operation);
      const charge = startTimer('parseMs', limit, context, owner);
      return ({ result }) => {
        charge();
        if (result instanceof Error) cache.addSyntaxError(text, result, owner);
        else if (result) cache.addParsed(text, result, owner);
      };
    },
    onValidate({ params: { documentAST }, context, setResult }) {
      const cached = cache.errorsOf(documentAST);
      if (cached) {
        setResult(cached);
        return undefined;
      }
      const owner = cacheOwner(context.viewer);
      const charge = startTimer('validateMs', limitFor(documentAST.loc?.source.body), context, owner);
      return ({ result }) => {
        charge();
        cache.addErrors(
          documentAST,
          result.filter((error) => error instanceof GraphQLError),
          owner,
        );
      };
    },
  };
}
