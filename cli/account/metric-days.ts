/** CloudWatch keeps points of a minute for 15 days. */
export const MOST_DAYS = 14;
