/**
 * @generated SignedSource<<27bdee41508017b63ee236487e191d35>>
 * @relayHash 3b93d4b652a8f5081382d8e5a4f44221
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 3b93d4b652a8f5081382d8e5a4f44221

import type { ConcreteRequest } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type AttributeType = "DATE_TIME" | "NUMBER" | "STRING" | "%future added value";
export type DevicePlatform = "ANDROID" | "IOS" | "%future added value";
export type NullsOrder = "FIRST" | "LAST" | "%future added value";
export type OrderDirection = "ASC" | "DESC" | "%future added value";
export type UserOrderField = "CREATED_AT" | "EMAIL" | "FIRST_NAME" | "LAST_EVENT_AT" | "LAST_NAME" | "UID" | "UPDATED_AT" | "%future added value";
export type UserFilter = {
  and?: ReadonlyArray<UserFilter> | null | undefined;
  appBuild?: StringFilter | null | undefined;
  appLastActiveAt?: DateTimeFilter | null | undefined;
  appVersion?: StringFilter | null | undefined;
  createdAt?: DateTimeFilter | null | undefined;
  devices?: DeviceFilter | null | undefined;
  email?: StringFilter | null | undefined;
  events?: ReadonlyArray<EventCondition> | null | undefined;
  firstName?: StringFilter | null | undefined;
  isAccount?: BooleanFilter | null | undefined;
  lastName?: StringFilter | null | undefined;
  lists?: ListMembershipFilter | null | undefined;
  meta?: ReadonlyArray<AttributeFilter> | null | undefined;
  not?: UserFilter | null | undefined;
  number?: StringFilter | null | undefined;
  or?: ReadonlyArray<UserFilter> | null | undefined;
  segments?: SegmentMembershipFilter | null | undefined;
  timeZone?: StringFilter | null | undefined;
  uid?: StringFilter | null | undefined;
  uidUpdateable?: BooleanFilter | null | undefined;
  updatedAt?: DateTimeFilter | null | undefined;
};
export type StringFilter = {
  caseSensitive?: boolean | null | undefined;
  contains?: string | null | undefined;
  endsWith?: string | null | undefined;
  eq?: string | null | undefined;
  in?: ReadonlyArray<string> | null | undefined;
  isNull?: boolean | null | undefined;
  ne?: string | null | undefined;
  notIn?: ReadonlyArray<string> | null | undefined;
  startsWith?: string | null | undefined;
};
export type DateTimeFilter = {
  before?: string | null | undefined;
  eq?: string | null | undefined;
  gt?: string | null | undefined;
  gte?: string | null | undefined;
  isNull?: boolean | null | undefined;
  lt?: string | null | undefined;
  lte?: string | null | undefined;
  ne?: string | null | undefined;
  within?: string | null | undefined;
};
export type DeviceFilter = {
  none?: DeviceCondition | null | undefined;
  some?: DeviceCondition | null | undefined;
};
export type DeviceCondition = {
  lastSeenAt?: DateTimeFilter | null | undefined;
  platform?: DevicePlatform | null | undefined;
};
export type EventCondition = {
  count?: CountFilter | null | undefined;
  name: StringFilter;
  properties?: ReadonlyArray<AttributeFilter> | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
  value?: ValueFilter | null | undefined;
  within?: string | null | undefined;
};
export type CountFilter = {
  eq?: number | null | undefined;
  gt?: number | null | undefined;
  gte?: number | null | undefined;
  lt?: number | null | undefined;
  lte?: number | null | undefined;
};
export type AttributeFilter = {
  boolean?: BooleanFilter | null | undefined;
  dateTime?: DateTimeFilter | null | undefined;
  exists?: boolean | null | undefined;
  key: string;
  number?: NumberFilter | null | undefined;
  string?: StringFilter | null | undefined;
};
export type BooleanFilter = {
  eq?: boolean | null | undefined;
  isNull?: boolean | null | undefined;
};
export type NumberFilter = {
  eq?: number | null | undefined;
  gt?: number | null | undefined;
  gte?: number | null | undefined;
  in?: ReadonlyArray<number> | null | undefined;
  lt?: number | null | undefined;
  lte?: number | null | undefined;
  ne?: number | null | undefined;
  notIn?: ReadonlyArray<number> | null | undefined;
};
export type ValueFilter = {
  boolean?: BooleanFilter | null | undefined;
  dateTime?: DateTimeFilter | null | undefined;
  exists?: boolean | null | undefined;
  number?: NumberFilter | null | undefined;
  string?: StringFilter | null | undefined;
};
export type ListMembershipFilter = {
  none?: ListMembershipCondition | null | undefined;
  some?: ListMembershipCondition | null | undefined;
};
export type ListMembershipCondition = {
  joinedAt?: DateTimeFilter | null | undefined;
  listIds?: ReadonlyArray<string> | null | undefined;
  subscribed?: boolean | null | undefined;
};
export type SegmentMembershipFilter = {
  none?: SegmentMembershipCondition | null | undefined;
  some?: SegmentMembershipCondition | null | undefined;
};
export type SegmentMembershipCondition = {
  segmentIds?: ReadonlyArray<string> | null | undefined;
  suppressed?: boolean | null | undefined;
};
export type UserOrder = {
  attribute?: AttributeOrder | null | undefined;
  direction?: OrderDirection | null | undefined;
  field?: UserOrderField | null | undefined;
  nulls?: NullsOrder | null | undefined;
};
export type AttributeOrder = {
  key: string;
  type: AttributeType;
};
export type membersQuery$variables = {
  first?: number | null | undefined;
  id: string;
  orderBy?: UserOrder | null | undefined;
  search?: string | null | undefined;
  subscribed?: boolean | null | undefined;
  where?: UserFilter | null | undefined;
};
export type membersQuery$data = {
  readonly list: {
    readonly " $fragmentSpreads": FragmentRefs<"lists_row" | "members_page">;
  } | null | undefined;
};
export type membersQuery = {
  response: membersQuery$data;
  variables: membersQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "first"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "id"
},
v2 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "orderBy"
},
v3 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "search"
},
v4 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "subscribed"
},
v5 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "where"
},
v6 = [
  {
    "kind": "Variable",
    "name": "id",
    "variableName": "id"
  }
],
v7 = [
  {
    "kind": "Variable",
    "name": "first",
    "variableName": "first"
  },
  {
    "kind": "Variable",
    "name": "orderBy",
    "variableName": "orderBy"
  },
  {
    "kind": "Variable",
    "name": "search",
    "variableName": "search"
  },
  {
    "kind": "Variable",
    "name": "subscribed",
    "variableName": "subscribed"
  },
  {
    "kind": "Variable",
    "name": "where",
    "variableName": "where"
  }
],
v8 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [
      (v0/*:: as any*/),
      (v1/*:: as any*/),
      (v2/*:: as any*/),
      (v3/*:: as any*/),
      (v4/*:: as any*/),
      (v5/*:: as any*/)
    ],
    "kind": "Fragment",
    "metadata": null,
    "name": "membersQuery",
    "selections": [
      {
        "alias": null,
        "args": (v6/*:: as any*/),
        "concreteType": "List",
        "kind": "LinkedField",
        "name": "list",
        "plural": false,
        "selections": [
          {
            "args": null,
            "kind": "FragmentSpread",
            "name": "lists_row"
          },
          {
            "args": (v7/*:: as any*/),
            "kind": "FragmentSpread",
            "name": "members_page"
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/),
      (v4/*:: as any*/),
      (v5/*:: as any*/),
      (v2/*:: as any*/),
      (v3/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "membersQuery",
    "selections": [
      {
        "alias": null,
        "args": (v6/*:: as any*/),
        "concreteType": "List",
        "kind": "LinkedField",
        "name": "list",
        "plural": false,
        "selections": [
          (v8/*:: as any*/),
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
            "name": "description",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "archivedAt",
            "storageKey": null
          },
          {
            "alias": null,
            "args": (v7/*:: as any*/),
            "concreteType": "ListMemberConnection",
            "kind": "LinkedField",
            "name": "members",
            "plural": false,
            "selections": [
              {
                "alias": null,
                "args": null,
                "concreteType": "ListMemberEdge",
                "kind": "LinkedField",
                "name": "edges",
                "plural": true,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "cursor",
                    "storageKey": null
                  },
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
                    "concreteType": "User",
                    "kind": "LinkedField",
                    "name": "node",
                    "plural": false,
                    "selections": [
                      (v8/*:: as any*/),
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
                      },
                      {
                        "alias": null,
                        "args": null,
                        "kind": "ScalarField",
                        "name": "__typename",
                        "storageKey": null
                      }
                    ],
                    "storageKey": null
                  },
                  (v8/*:: as any*/)
                ],
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "concreteType": "PageInfo",
                "kind": "LinkedField",
                "name": "pageInfo",
                "plural": false,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "hasNextPage",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "endCursor",
                    "storageKey": null
                  }
                ],
                "storageKey": null
              },
              {
                "kind": "ClientExtension",
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "__id",
                    "storageKey": null
                  }
                ]
              }
            ],
            "storageKey": null
          },
          {
            "alias": null,
            "args": (v7/*:: as any*/),
            "filters": [
              "subscribed",
              "where",
              "orderBy",
              "search"
            ],
            "handle": "connection",
            "key": "members_members",
            "kind": "LinkedHandle",
            "name": "members"
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "3b93d4b652a8f5081382d8e5a4f44221",
    "metadata": {},
    "name": "membersQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "70e19bbfa42c3e337ef578f1c952a906";

export default node;
