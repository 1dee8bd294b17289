import type { ValidationIssue } from '../../shared/errors.ts';

/** Maximum size in bytes of a line or record: bounds the memory of an import. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** A record as its text, which has not been parsed yet. */
export interface RawRecord {
  /** Number of its first line in the file, from 1. */
  readonly line: number;
  /** The whole text; only its beginning if it is too long. */
  readonly text: string;
  /** Why the text cannot be parsed; undefined if it can. */
  readonly fault?: ValidationIssue;
}

/** The original of a rejected record, as it is reported. */
export interface Original {
  /** The record of an NDJSON file, the cells of a CSV file by their fields, or the text of a record that cannot be parsed. */
  readonly record: unknown;
  /** How to parse the record again if it is not that of an NDJSON file. */
  readonly csv?: CsvOrigin;
  /** The record is not the whole text of the file, and cannot be imported as it is. */
  readonly incomplete?: true;
}

/** How the cells of a CSV record are converted. */
export interface CsvRules {
  decimal?: 'point' | 'comma';
  dates?: 'dmy' | 'mdy';
}

/** How to parse a rejected record of a CSV file again. */
export interface CsvOrigin extends CsvRules {
  /** How its text is separated, if it could not be split into cells. */
  delimiter?: string;
  /** The fields of its cells then; null for an ignored one. */
  columns?: readonly (string | null)[];
}

/** A record that has been parsed. */
export interface ParsedRecord {
  readonly line: number;
  /** The input by the names of the domain's fields; it has not been validated. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Why the record is invalid regardless of its validation. */
  readonly issues: readonly ValidationIssue[];
  original(): Original;
}

/** The file cannot be imported; the message says why. What was imported before stays. */
export class ImportFileError extends Error {
  override name = 'ImportFileError';
}

/** An issue of a record as a whole. */
export const recordIssue = (code: string, message: string): ValidationIssue => ({ path: [], code, message });
