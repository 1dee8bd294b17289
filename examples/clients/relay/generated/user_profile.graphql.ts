/**
 * @generated SignedSource<<912f057e38e2edf5c02a94352c77347a>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
export type DevicePlatform = "ANDROID" | "IOS" | "%future added value";
import type { FragmentRefs } from "relay-runtime";
export type user_profile$data = {
  readonly devices: ReadonlyArray<{
    readonly id: string;
    readonly lastSeenAt: string;
    readonly platform: DevicePlatform;
    readonly token: string;
  }>;
  readonly lists: ReadonlyArray<{
    readonly id: string;
    readonly joinedAt: string;
    readonly list: {
      readonly archivedAt: string | null | undefined;
      readonly id: string;
      readonly title: string;
    };
    readonly subscribed: boolean;
  }>;
  readonly segments: ReadonlyArray<{
    readonly id: string;
    readonly segment: {
      readonly id: string;
      readonly name: string;
    };
    readonly suppressed: boolean;
  }>;
  readonly " $fragmentSpreads": FragmentRefs<"users_row">;
  readonly " $fragmentType": "user_profile";
};
export type user_profile$key = {
  readonly " $data"?: user_profile$data;
  readonly " $fragmentSpreads": FragmentRefs<"user_profile">;
};

const node: ReaderFragment = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
};
return {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "user_profile",
  "selections": [
    {
      "args": null,
      "kind": "FragmentSpread",
      "name": "users_row"
    },
    {
      "alias": null,
      "args": null,
      "concreteType": "Device",
      "kind": "LinkedField",
      "name": "devices",
      "plural": true,
      "selections": [
        (v0/*:: as any*/),
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "token",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "platform",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "lastSeenAt",
          "storageKey": null
        }
      ],
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "concreteType": "ListMembership",
      "kind": "LinkedField",
      "name": "lists",
      "plural": true,
      "selections": [
        (v0/*:: as any*/),
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "subscribed",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "joinedAt",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "concreteType": "List",
          "kind": "LinkedField",
          "name": "list",
          "plural": false,
          "selections": [
            (v0/*:: as any*/),
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "title",
              "storageKey": null
            },
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "archivedAt",
              "storageKey": null
            }
          ],
          "storageKey": null
        }
      ],
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "concreteType": "SegmentMembership",
      "kind": "LinkedField",
      "name": "segments",
      "plural": true,
      "selections": [
        (v0/*:: as any*/),
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "suppressed",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "concreteType": "Segment",
          "kind": "LinkedField",
          "name": "segment",
          "plural": false,
          "selections": [
            (v0/*:: as any*/),
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "name",
              "storageKey": null
            }
          ],
          "storageKey": null
        }
      ],
      "storageKey": null
    }
  ],
  "type": "User",
  "abstractKey": null
};
})();

(node as any).hash = "66fdcadd512db2af159598c6ee44413f";

export default node;
