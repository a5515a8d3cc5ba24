import { access, rename, rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { type DemoStudy, studyUid } from './dicom.ts'
import { filesBelow } from './store.ts'

export type GenerateTask = DemoStudy & { kind: 'ct' | 'mr'; slices?: number }

/**
 * Generates a visit's images in a thread of their own, so that several run at once and servers in this process
 * go on answering. A directory that is there already is complete, and is used as it is.
 */
export async function generateStudy(
  task: GenerateTask,
): Promise<{ studyInstanceUid: string; files: string[] }> {
  const there = await access(task.directory).then(
    () => true,
    () => false,
  )
  if (!there) {
    const making = `${task.directory}.part`
    await rm(making, { recursive: true, force: true })
    await inThread({ ...task, directory: making })
    await rename(making, task.directory)
  }
  return { studyInstanceUid: studyUid(task), files: await filesBelow(task.directory) }
}

function inThread(task: GenerateTask): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./generate-worker.ts', import.meta.url), { workerData: task })
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`generator ended with ${code}`)),
    )
  })
}
