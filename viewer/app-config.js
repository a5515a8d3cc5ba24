// Configuration of OHIF, read by it as `window.config`. A classic script: the page's policy allows no inline code.
;(() => {
  const narrow = window.matchMedia('(max-width: 767px)').matches

  // The real way back is the link of index.html, which is there before OHIF starts and when it fails.
  const spacer = (React) => React.createElement('div', { className: 'ritiro-back-space' })

  window.config = {
    name: 'ritiro',
    routerBasename: '/viewer',
    extensions: [],
    modes: [],
    showStudyList: false,
    showPatientInfo: narrow ? 'disabled' : 'visibleReadOnly',
    investigationalUseDialog: { option: 'never' },
    showErrorDetails: 'dev',
    showLoadingIndicator: true,
    showCPUFallbackMessage: false,
    showWarningMessageForCrossOrigin: false,
    strictZSpacingForVolumeViewport: true,
    maxNumberOfWebWorkers: 3,
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
    measurementTrackingMode: 'none',
    whiteLabeling: { createLogoComponentFn: spacer },
    httpErrorHandler: (error) => {
      window.ritiro.answered(error.status)
    },
    customizationService: [
      {
        'ohif.tours': { $set: [] },
        'studyBrowser.studyMode': { $set: 'primary' },
      },
    ],
    modesConfiguration: {
      '@ohif/mode-basic': {
        routeName: { $set: 'viewer' },
        hide: { $set: false },
        displayName: { $set: 'Ritiro' },
        routes: {
          0: {
            layoutInstance: {
              props: {
                leftPanelClosed: { $set: narrow },
                rightPanelClosed: { $set: true },
                // Measures are for whoever looks; segmentations are shown in the image, not edited in a panel.
                rightPanels: {
                  $set: narrow ? [] : ['@ohif/extension-cornerstone.panelModule.panelMeasurement'],
                },
              },
            },
          },
        },
      },
    },
    defaultDataSourceName: 'ritiro',
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: 'ritiro',
        configuration: {
          friendlyName: 'Ritiro',
          name: 'ritiro',
          qidoRoot: '/dicomweb',
          wadoRoot: '/dicomweb',
          qidoSupportsIncludeField: false,
          imageRendering: 'wadors',
          thumbnailRendering: 'wadors',
          enableStudyLazyLoad: true,
          supportsFuzzyMatching: false,
          supportsWildcard: false,
          supportsReject: false,
          dicomUploadEnabled: false,
          // Not `pdf`: it would ask /rendered, which Orthanc does not answer for documents.
          singlepart: 'bulkdata,video',
          bulkDataURI: { enabled: true },
          omitQuotationForMultipartRequest: true,
          // Frames that were prepared come in a third of their bytes; what was not, and what is no frame, as it is stored.
          acceptHeader: [
            'multipart/related; type=image/jls; transfer-syntax=1.2.840.10008.1.2.4.80, multipart/related; type=application/octet-stream; transfer-syntax=*',
          ],
        },
      },
    ],
  }
})()
