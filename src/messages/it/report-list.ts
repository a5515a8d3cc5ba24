export const reportList = {
  title: 'I tuoi referti',
  patient: 'Informazioni Paziente',
  name: 'Nome e cognome',
  birthDate: 'Data di nascita',
  heading: 'Elenco dei referti disponibili',
  available: 'Questo referto resterà disponibile online sino al',
  exams: 'Prestazioni eseguite',
  examsLabel: (exams: string) => `Azioni per ${exams}`,
  updated: (day: string) => `Referto aggiornato il ${day}`,
  updatedMore: 'Questa è la versione più recente: sostituisce quella pubblicata prima.',
  viewReport: 'Visualizza referto',
  downloadSigned: 'Scarica il tuo referto firmato',
  viewImages: 'Visualizza immagini',
  downloadImages: 'Scarica immagini',
  legalNote: 'si informa che solo i file firmati digitalmente hanno valore legale',
  imagesArriving: 'Le immagini di questo esame stanno arrivando nel portale: compariranno qui appena pronte.',
  imagesNotYet: 'Le immagini di questo esame non sono ancora nel portale: compariranno qui appena arrivano.',
  noImages: 'Per questo esame non sono previste immagini.',
  protect:
    'Se salvi i file sul tuo dispositivo, ricorda che è buona prassi proteggere i propri dati personali e sensibili.',
  emptyTitle: 'Al momento non ci sono referti disponibili',
  empty:
    'Il periodo di pubblicazione può essere terminato, oppure un referto è stato ritirato. Puoi sempre ritirare la copia su carta allo sportello.',
  helpTitle: 'Hai bisogno di aiuto?',
  helpText:
    'Nelle domande frequenti trovi come aprire il referto firmato (.p7m) e come usare le immagini scaricate.',
}
