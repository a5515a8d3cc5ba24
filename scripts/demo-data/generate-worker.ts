import { workerData } from 'node:worker_threads'
import { generateChestCt } from './ct.ts'
import type { GenerateTask } from './generate.ts'
import { generateKneeMr } from './mr.ts'

const task = workerData as GenerateTask
await (task.kind === 'ct' ? generateChestCt(task) : generateKneeMr(task))
