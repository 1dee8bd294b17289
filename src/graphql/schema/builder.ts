import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import ValidationPlugin from '@pothos/plugin-validation';
import type { Attributes, AttributeValue } from '../../domain/shared/attributes.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import type { Instant } from '../../domain/shared/instant.ts';
import type { UnsafeNumber } from '../../domain/shared/json-numbers.ts';
import { validationIssues } from '../../domain/shared/validation.ts';
import type { UserExport } from '../../domain/transfer/user-export-schema.ts';
import type { Context } from '../context.ts';
import ColumnsPlugin from './columns-plugin.ts';
import { encodeGlobalId } from './global-id.ts';
import ScopesPlugin from './scopes-plugin.ts';

/** A value of an input's attributes, before validation. */
export type InputValue = AttributeValue | UnsafeNumber;

/** Attributes of an input, before validation. */
export type InputAttributes = Record<string, InputValue>;

interface UserTypes {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Instant };
    Duration: { Input: string; Output: string };
    Attributes: { Input: InputAttributes; Output: Attributes };
    AttributeValue: { Input: InputValue; Output: AttributeValue };
    UserExport: { Input: never; Output: UserExport };
    UserFilterJSON: { Input: never; Output: Readonly<Record<string, unknown>> };
  };
}

/** The builder's type parameter, for functions that take its refs. */
export type Types = PothosSchemaTypes.ExtendDefaultTypes<UserTypes>;

/** The schema builder. Each file of this folder adds its types and fields to it. */
export const builder = new SchemaBuilder<UserTypes>({
  defaultFieldNullability: false,
  plugins: [ScopesPlugin, ColumnsPlugin, ErrorsPlugin, ValidationPlugin, RelayPlugin, DirectivesPlugin],
  errors: {
    directResult: true,
    // Input errors can be returned before authorization: scopes are checked before an operation is executed.
    unsafelyHandleInputErrors: true,
    defaultUnionOptions: { name: ({ fieldName }) => `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Result` },
  },
  validation: {
    // Paths are relative to `input`, the only argument of a mutation.
    validationError: ({ issues }) =>
      new ValidationError(
        validationIssues(issues).map((issue) => ({
          ...issue,
          path: issue.path[0] === 'input' ? issue.path.slice(1) : issue.path,
        })),
      ),
  },
  relay: {
    encodeGlobalID: (type, id) => encodeGlobalId(type, String(id)),
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    idFieldOptions: {
      description:
        "The object's global id: unique across types, opaque and stable. Pass it to `node` to read the object again.",
    },
    nodeTypeOptions: { description: 'An object that can be read again by its global id (Relay).' },
    pageInfoTypeOptions: { description: 'The position of a page in its connection (Relay).' },
    hasNextPageFieldOptions: { description: 'Whether there are edges after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are edges before this page.' },
    startCursorFieldOptions: {
      description: 'The cursor of the first edge of the page, for `before`. Null if the page is empty.',
    },
    endCursorFieldOptions: {
      description: 'The cursor of the last edge of the page, for `after`. Null if the page is empty.',
    },
  },
});

builder.queryType({ description: "All read operations. Each returns data of the caller's workspace only." });
builder.mutationType({
  description: 'All write operations. Each returns a union of its payload and the errors that a client can handle.',
});
