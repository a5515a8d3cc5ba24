import { setTimeout as sleep } from 'node:timers/promises'
import { JLS } from './viewer-frames.ts'
import type { BenchWorld } from './world.ts'

/** The study in DICOMweb's words: its UID and the path of each slice's frame. */
export async function studyOf({ orthanc, url, cookie }: BenchWorld) {
  const [study] = (await (await orthanc.request('/studies?expand')).json()) as {
    MainDicomTags: { StudyInstanceUID: string }
  }[]
  const uid = study?.MainDicomTags.StudyInstanceUID ?? ''
  const told = (await (
    await fetch(`${url}/dicomweb/studies/${uid}/instances`, { headers: { cookie } })
  ).json()) as Record<string, { Value: string[] }>[]
  const value = (instance: (typeof told)[number], tag: string) => instance[tag]?.Value[0] ?? ''
  return {
    uid,
    frames: told.map(
      (one) =>
        `/studies/${uid}/series/${value(one, '0020000E')}/instances/${value(one, '00080018')}/frames/1`,
    ),
  }
}

/** Until its frames for the viewer are coded, which comes last of what is prepared unasked: from then on the gateway rests. */
export async function untilPrepared(
  { url, cookie }: BenchWorld,
  study: { frames: string[] },
  say: (text: string) => void,
) {
  const started = performance.now()
  for (const frame of [study.frames[0], study.frames.at(-1)]) {
    for (;;) {
      const { status } = await fetch(`${url}/dicomweb${frame}`, { headers: { cookie, accept: JLS } })
      if (status === 200) break
      if (performance.now() - started > 10 * 60_000)
        throw new Error('the study was not prepared in ten minutes')
      await sleep(250)
    }
  }
  say(`prepared ${((performance.now() - started) / 1000).toFixed(0)} s after it was published`)
}
