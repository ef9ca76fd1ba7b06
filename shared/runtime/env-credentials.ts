import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles (template.yaml's Alias): Lambda always hands
 * credentials over by environment variables, and the chain of files, SSO and metadata services costs 130 KB.
 */
export const defaultProvider = () => fromEnv();
