/**
 * Stands in for `@aws-sdk/middleware-endpoint-discovery` in the bundles (template.yaml's Alias): the DynamoDB client takes
 * part in endpoint discovery only where it is switched on, which no role of ours allows (`dynamodb:DescribeEndpoints`), and
 * its cache costs 8 KB.
 */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: undefined,
};

export const resolveEndpointDiscoveryConfig = <T>(config: T): T => config;
