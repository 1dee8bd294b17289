/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** A new user. Null counts as left out. */
export type CreateUserInput = {
  /** When they signed up in your application; now by default. */
  createdAt?: string | null | undefined;
  /** Their device, for push messages. */
  device?: DeviceInput | null | undefined;
  /** One `@`, no spaces, at most 254 characters. Need not be unique. */
  email?: string | null | undefined;
  /** At most 255 characters. */
  firstName?: string | null | undefined;
  /** At most 255 characters. */
  lastName?: string | null | undefined;
  /** Lists to subscribe to at once, without a confirmation; at most 100. */
  listIds?: Array<string | number> | null | undefined;
  /** Further attributes. */
  meta?: Record<string, string | number | boolean> | null | undefined;
  /** Phone number in international format, with or without `+`. */
  number?: string | null | undefined;
  /** Their identifier in your application: 1 to 255 letters and digits. */
  uid: string;
};

/** A device to register for push messages. */
export type DeviceInput = {
  /** What it runs on. */
  platform: DevicePlatform;
  /** The push service’s registration token: visible ASCII, at most 1024. */
  token: string;
};

/** What a device runs on. */
export type DevicePlatform =
  /** Android; messages go through Firebase. */
  | 'ANDROID'
  /** iOS and iPadOS; messages go through Apple. */
  | 'IOS';

export type CreateUserMutationVariables = Exact<{
  input: CreateUserInput;
}>;

export type CreateUserMutation = {
  createUser:
    | { user: { id: string; uid: string; meta: Record<string, string | number | boolean> } }
    | { code: string; message: string }
    | { code: string; message: string }
    | { code: string; message: string };
};

export const CreateUserDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'mutation',
      name: { kind: 'Name', value: 'CreateUser' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'CreateUserInput' } } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'createUser' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'input' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                {
                  kind: 'InlineFragment',
                  typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'CreateUserPayload' } },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      {
                        kind: 'Field',
                        name: { kind: 'Name', value: 'user' },
                        selectionSet: {
                          kind: 'SelectionSet',
                          selections: [
                            { kind: 'Field', name: { kind: 'Name', value: 'id' } },
                            { kind: 'Field', name: { kind: 'Name', value: 'uid' } },
                            { kind: 'Field', name: { kind: 'Name', value: 'meta' } },
                          ],
                        },
                      },
                    ],
                  },
                },
                {
                  kind: 'InlineFragment',
                  typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Error' } },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'message' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<CreateUserMutation, CreateUserMutationVariables>;
