import { expect, test } from 'vitest'
import { opensNoIso } from '../../src/portal/device.ts'

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0'

test.each([
  ['a phone', { 'user-agent': `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36` }, true],
  ['a tablet', { 'user-agent': `Mozilla/5.0 (Linux; Android 13) ${CHROME} Safari/537.36` }, true],
  ['an iPhone', { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)' }, true],
  ['a Chromebook', { 'user-agent': `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME}` }, true],
  ['Windows', { 'user-agent': `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}` }, false],
  ['a Mac', { 'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15' }, false],
  ['Linux', { 'user-agent': `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}` }, false],
  ['client hints of Android', { 'sec-ch-ua-platform': '"Android"', 'sec-ch-ua-mobile': '?0' }, true],
  ['client hints of ChromeOS', { 'sec-ch-ua-platform': '"Chrome OS"' }, true],
  // Client hints tell the truth where a User-Agent is frozen or changed.
  ['hints before User-Agent', { 'sec-ch-ua-platform': '"Windows"', 'user-agent': 'Android' }, false],
  ['a mobile of any system', { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-mobile': '?1' }, true],
  ['nothing at all', {}, false],
])('the ZIP is recommended where an ISO cannot be opened: %s', (_, headers, expected) => {
  expect(opensNoIso(new Headers(headers))).toBe(expected)
})
