/**
 * Whether a visitor's device has no way of its own to open an ISO: phones, tablets, ChromeOS. By client hints where the
 * browser sends them, else by User-Agent. An iPad says that it is a Mac: the page's script finds that out.
 */
export function opensNoIso(headers: Headers): boolean {
  const platform = headers.get('sec-ch-ua-platform')?.replaceAll('"', '')
  if (headers.get('sec-ch-ua-mobile') === '?1') return true
  if (platform) return /^(Android|Chrom(e|ium) OS|iOS)$/.test(platform)
  return /Android|iPhone|iPad|iPod|CrOS|Mobile|Silk/.test(headers.get('user-agent') ?? '')
}
