/**
 * @generated SignedSource<<5c37a0fb68d7d9575ddf59cfd786d68b>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type users_row$data = {
  readonly firstName: string | null | undefined;
  readonly id: string;
  readonly meta: Record<string, string | number | boolean>;
  readonly uid: string;
  readonly updatedAt: string;
  readonly " $fragmentType": "users_row";
};
export type users_row$key = {
  readonly " $data"?: users_row$data;
  readonly " $fragmentSpreads": FragmentRefs<"users_row">;
};

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "users_row",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "id",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "uid",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "firstName",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "meta",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "updatedAt",
      "storageKey": null
    }
  ],
  "type": "User",
  "abstractKey": null
};

(node as any).hash = "274570120ffb80b5142ee46292466b66";

export default node;
