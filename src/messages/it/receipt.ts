/** Proof that a report was collected (S39b): nothing of what it says. */
export const receipt = {
  title: 'Ricevuta di ritiro del referto',
  statement: (organisation: string) =>
    `${organisation} attesta che il referto indicato qui sotto è stato messo a disposizione online e ritirato nelle date indicate, dopo l’accesso al portale con i due PIN della persona interessata o con la sua identità digitale (SPID o CIE).`,
  statementEarlier: (organisation: string) =>
    `${organisation} attesta che il referto indicato qui sotto è stato messo a disposizione online, che una sua versione precedente è stata ritirata nella data indicata e che la versione attuale, alla data di questo documento, non risulta ancora ritirata.`,
  statementNone: (organisation: string) =>
    `${organisation} attesta che il referto indicato qui sotto è stato messo a disposizione online. Alla data di questo documento non risulta ancora ritirato.`,
  name: 'Cognome e nome',
  accessionNumber: 'Numero Accettazione',
  exam: 'Prestazione',
  examDate: 'Data Esame',
  publishedAt: 'Disponibile online dal',
  version: 'Versione del referto',
  firstViewedAt: 'Letto la prima volta',
  firstDownloadedAt: 'Referto firmato scaricato la prima volta',
  firstDiscAt: 'Disco con immagini e referto scaricato per intero',
  earlierVersion: (version: number) => `Versione ${version}, poi sostituita: ritirata`,
  never: 'non risulta',
  at: (day: string, time: string) => `${day}, ore ${time}`,
  zone: 'Le ore sono quelle italiane.',
  issuedAt: (day: string, time: string) =>
    `Documento prodotto dal portale di ritiro referti il ${day} alle ore ${time}. I dati provengono dal registro degli accessi del portale. Non contiene il referto.`,
}
