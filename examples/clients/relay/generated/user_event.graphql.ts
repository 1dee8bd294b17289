/**
 * @generated SignedSource<<a683cc0564489a627549c193d0419991>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type user_event$data = {
  readonly id: string;
  readonly name: string;
  readonly properties: Record<string, string | number | boolean>;
  readonly timestamp: string;
  readonly value: string | number | boolean | null | undefined;
  readonly " $fragmentType": "user_event";
};
export type user_event$key = {
  readonly " $data"?: user_event$data;
  readonly " $fragmentSpreads": FragmentRefs<"user_event">;
};

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "user_event",
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
      "name": "name",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "value",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "properties",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "timestamp",
      "storageKey": null
    }
  ],
  "type": "Event",
  "abstractKey": null
};

(node as any).hash = "18aaefc6589678fe763bae4c6e5ee03e";

export default node;
