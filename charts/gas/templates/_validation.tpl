{{/* Mistakes that people make, told before anything is installed. NOTES.txt includes it. */}}
{{- define "gas.validate" -}}
{{- $root := . -}}
{{- if not (regexMatch "^https?://[^/\\s]+$" .Values.baseUrl) -}}
{{- fail (printf "baseUrl is %q and has to be like https://gas.example.org, without a path: the public address of the pages." .Values.baseUrl) -}}
{{- end -}}
{{- $stack := fromYaml (include "gas.stack" .) -}}
{{- $workers := fromYaml (include "gas.workers" .) -}}
{{- range $name := fromJsonArray (include "gas.enabledWorkers" .) -}}
{{- $setting := (index $workers $name).queue -}}
{{- if not (index $stack $setting) -}}
{{- fail (printf "stack.%s is missing, the queue of %s: give the file that 'infra/aws/deploy.py --values-file' wrote with -f, or set %s.enabled=false." $setting $name $name) -}}
{{- end -}}
{{- if not (regexMatch "^https?://[^/]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}$" (index $stack $setting)) -}}
{{- fail (printf "stack.%s is %q, which is no queue's URL (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)." $setting (index $stack $setting)) -}}
{{- end -}}
{{- $values := index $root.Values $name -}}
{{- if and (not $root.Values.autoscaling.keda.enabled) (eq (int $values.minReplicas) 0) -}}
{{- fail (printf "%s.minReplicas is 0 and autoscaling.keda.enabled is false, so nothing would ever start it: set %s.minReplicas to 1 or more, or leave KEDA on." $name $name) -}}
{{- end -}}
{{- if gt (int $values.minReplicas) (int $values.maxReplicas) -}}
{{- fail (printf "%s.minReplicas is greater than its maxReplicas." $name) -}}
{{- end -}}
{{- end -}}
{{- if .Values.operations.enabled -}}
{{- if not .Values.web.enabled -}}
{{- fail "operations.enabled needs web.enabled: whoever opens /admin signs in at the public pages." -}}
{{- end -}}
{{- if not (or .Values.operations.identities .Values.operations.group) -}}
{{- fail "operations.identities and operations.group are empty, so nobody may see /admin: name identities, or a Globus group." -}}
{{- end -}}
{{- range list "JOB_REQUESTS" "JOB_NOTIFICATIONS" "JOB_ARCHIVES" "RESTORES" "THAWS" -}}
{{- range list (printf "GAS_%s_QUEUE_URL" .) (printf "GAS_%s_DLQ_URL" .) -}}
{{- if not (index $stack .) -}}
{{- fail (printf "stack.%s is missing, and operations.enabled shows every queue: give the file that 'infra/aws/deploy.py --values-file' wrote with -f." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.web.enabled -}}
{{- if not (or .Values.secrets.existingSecret .Values.secrets.externalSecret.enabled .Values.demo.enabled) -}}
{{- fail "secrets.existingSecret is missing: make a Secret with GAS_SECRET_KEY and GAS_GLOBUS_CLIENT_SECRET and name it, or set secrets.externalSecret.enabled=true." -}}
{{- end -}}
{{- if and .Values.secrets.externalSecret.enabled (not (and .Values.secrets.externalSecret.storeRef .Values.secrets.externalSecret.remoteKey)) -}}
{{- fail "secrets.externalSecret needs storeRef and remoteKey." -}}
{{- end -}}
{{- if not (or .Values.globus.clientId .Values.demo.enabled) -}}
{{- fail "globus.clientId is missing: register a confidential client at https://app.globus.org/settings/developers with the redirect URI that is baseUrl and /authcallback." -}}
{{- end -}}
{{- if and .Values.web.httpRoute.enabled (not .Values.web.httpRoute.parentRefs) -}}
{{- fail "web.httpRoute.parentRefs is empty: name the Gateway that the route belongs to." -}}
{{- end -}}
{{- if and (eq .Values.billing.provider "stripe") (not (and .Values.billing.stripePublishableKey .Values.billing.stripePrice)) -}}
{{- fail "billing.stripePublishableKey and billing.stripePrice are needed, since billing.provider is stripe." -}}
{{- end -}}
{{- end -}}
{{- if not .Values.demo.enabled -}}
{{- if and (eq .Values.aws.identity "secret") (not .Values.aws.existingSecret) -}}
{{- fail "aws.existingSecret is missing: aws.identity is secret, so name a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." -}}
{{- end -}}
{{- if eq .Values.aws.identity "irsa" -}}
{{- range $name := fromJsonArray (include "gas.components" .) -}}
{{- if not (index $stack (printf "GAS_%s_ROLE_ARN" (upper $name))) -}}
{{- fail (printf "stack.GAS_%s_ROLE_ARN is missing, and aws.identity is irsa: deploy infra/aws with OidcProvider, and give the values it wrote." (upper $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
