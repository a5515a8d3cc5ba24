import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from '../log.ts'
import { type Inbox, receiveMessage, refuseBytes } from './inbox.ts'
import { replayWaiting } from './letters.ts'
import { type MllpOptions, type MllpServer, startMllp } from './mllp.ts'

const PAUSE_MS = 2_000

/** Takes HL7 v2 messages: listens, and applies what had to wait for its visit, until `close`. */
export async function startHl7(
  inbox: Inbox,
  line: Omit<MllpOptions, 'answer' | 'refusal' | 'log'>,
): Promise<MllpServer> {
  const { log, clock } = inbox
  const stopping = new AbortController()
  const server = await startMllp({
    ...line,
    log,
    answer: (message, peer) => receiveMessage(inbox, message, peer),
    refusal: (reason, head) => refuseBytes(reason, head, clock()),
  })
  const work = keepUp(inbox, stopping.signal)
  return {
    port: server.port,
    async close() {
      stopping.abort()
      await server.close()
      await work
    },
  }
}

async function keepUp(inbox: Inbox, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await replayWaiting(inbox)
    } catch (error) {
      inbox.log('warn', 'hl7.waiting_failed', { code: errorCode(error) })
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}
