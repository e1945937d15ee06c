// Made by `pnpm generate` from infra/src/environments; do not edit.
import type { PlanSettings } from '../settings.ts';

export const planEnvironments: Readonly<Record<'dev' | 'staging' | 'prod', PlanSettings>> =
  {
    "dev": {
      "region": "eu-central-1",
      "lambda": {
        "architecture": "arm64",
        "functions": {
          "startPipeline": {
            "memoryMb": 256,
            "timeoutSeconds": 30,
            "reservedConcurrency": null
          },
          "validateObject": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "scoreQuality": {
            "memoryMb": 2048,
            "timeoutSeconds": 300,
            "reservedConcurrency": null
          },
          "transformObject": {
            "memoryMb": 2048,
            "timeoutSeconds": 300,
            "reservedConcurrency": null
          },
          "publishRun": {
            "memoryMb": 1024,
            "timeoutSeconds": 300,
            "reservedConcurrency": null
          },
          "processRows": {
            "memoryMb": 1024,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "recordFailedRows": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "collectMapRun": {
            "memoryMb": 4096,
            "timeoutSeconds": 900,
            "reservedConcurrency": null
          }
        }
      },
      "transform": {
        "lambdaMaxBytes": 268435456
      },
      "spark": {
        "workerType": "G.1X",
        "workers": 2,
        "timeoutMinutes": 60
      },
      "map": {
        "executionType": "STANDARD",
        "maxItemsPerBatch": 1000,
        "maxInputBytesPerBatch": 225280,
        "maxConcurrency": 500,
        "toleratedFailurePercentage": 5
      }
    },
    "staging": {
      "region": "eu-central-1",
      "lambda": {
        "architecture": "arm64",
        "functions": {
          "startPipeline": {
            "memoryMb": 256,
            "timeoutSeconds": 30,
            "reservedConcurrency": null
          },
          "validateObject": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "scoreQuality": {
            "memoryMb": 4096,
            "timeoutSeconds": 600,
            "reservedConcurrency": null
          },
          "transformObject": {
            "memoryMb": 4096,
            "timeoutSeconds": 600,
            "reservedConcurrency": null
          },
          "publishRun": {
            "memoryMb": 1024,
            "timeoutSeconds": 300,
            "reservedConcurrency": null
          },
          "processRows": {
            "memoryMb": 1024,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "recordFailedRows": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "collectMapRun": {
            "memoryMb": 4096,
            "timeoutSeconds": 900,
            "reservedConcurrency": null
          }
        }
      },
      "transform": {
        "lambdaMaxBytes": 536870912
      },
      "spark": {
        "workerType": "G.1X",
        "workers": 5,
        "timeoutMinutes": 120
      },
      "map": {
        "executionType": "STANDARD",
        "maxItemsPerBatch": 1000,
        "maxInputBytesPerBatch": 225280,
        "maxConcurrency": 500,
        "toleratedFailurePercentage": 5
      }
    },
    "prod": {
      "region": "eu-central-1",
      "lambda": {
        "architecture": "arm64",
        "functions": {
          "startPipeline": {
            "memoryMb": 256,
            "timeoutSeconds": 30,
            "reservedConcurrency": 25
          },
          "validateObject": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": 25
          },
          "scoreQuality": {
            "memoryMb": 6144,
            "timeoutSeconds": 900,
            "reservedConcurrency": 100
          },
          "transformObject": {
            "memoryMb": 6144,
            "timeoutSeconds": 900,
            "reservedConcurrency": 100
          },
          "publishRun": {
            "memoryMb": 2048,
            "timeoutSeconds": 600,
            "reservedConcurrency": 100
          },
          "processRows": {
            "memoryMb": 1024,
            "timeoutSeconds": 60,
            "reservedConcurrency": null
          },
          "recordFailedRows": {
            "memoryMb": 512,
            "timeoutSeconds": 60,
            "reservedConcurrency": 50
          },
          "collectMapRun": {
            "memoryMb": 4096,
            "timeoutSeconds": 900,
            "reservedConcurrency": 20
          }
        }
      },
      "transform": {
        "lambdaMaxBytes": 1073741824
      },
      "spark": {
        "workerType": "G.2X",
        "workers": 10,
        "timeoutMinutes": 240
      },
      "map": {
        "executionType": "STANDARD",
        "maxItemsPerBatch": 1000,
        "maxInputBytesPerBatch": 225280,
        "maxConcurrency": 500,
        "toleratedFailurePercentage": 5
      }
    }
  };
