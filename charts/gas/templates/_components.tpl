{{/* What there is to run, once: templates range over these. */}}

{{/* Workers: queue is the setting that names their queue, topics whether they announce. As YAML, for fromYaml. */}}
{{- define "gas.workers" -}}
annotator: {queue: GAS_JOB_REQUESTS_QUEUE_URL}
archiver: {queue: GAS_JOB_ARCHIVES_QUEUE_URL}
restorer: {queue: GAS_RESTORES_QUEUE_URL}
notifier: {queue: GAS_JOB_NOTIFICATIONS_QUEUE_URL}
{{- end -}}

{{/* Names of the enabled workers. */}}
{{- define "gas.enabledWorkers" -}}
{{- $names := list -}}
{{- range $name, $_ := fromYaml (include "gas.workers" .) -}}
{{- if (index $.Values $name).enabled -}}{{- $names = append $names $name -}}{{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* Names of all that has a service account, settings and a network policy. thaw is the restorer's. */}}
{{- define "gas.components" -}}
{{- $names := list -}}
{{- if .Values.web.enabled -}}{{- $names = append $names "web" -}}{{- end -}}
{{- if .Values.operations.enabled -}}{{- $names = append $names "operations" -}}{{- end -}}
{{- $names = concat $names (fromJsonArray (include "gas.enabledWorkers" .)) -}}
{{- if and .Values.thaw.enabled (not .Values.restorer.enabled) -}}{{- $names = append $names "restorer" -}}{{- end -}}
{{- if .Values.sweeper.enabled -}}{{- $names = append $names "sweeper" -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* What infra/aws tells services: the stack of the values, or the demo's, whose names follow from its own. */}}
{{- define "gas.stack" -}}
{{- if .Values.demo.enabled -}}
{{- $stack := .Values.demo.stack -}}
{{- $topics := printf "arn:aws:sns:us-east-1:000000000000:%s" $stack -}}
{{- $queues := printf "%s/000000000000/%s" (include "gas.demo.awsUrl" .) $stack -}}
GAS_AWS_REGION: us-east-1
GAS_AWS_ENDPOINT_URL: {{ include "gas.demo.awsUrl" . }}
GAS_S3_PUBLIC_ENDPOINT_URL: {{ include "gas.demo.publicUrl" (list . "s3") }}
GAS_GLOBUS_URL: http://{{ include "gas.demo.emulator" (list . "globus") }}:9800
GAS_GLOBUS_PUBLIC_URL: {{ include "gas.demo.publicUrl" (list . "globus") }}
GAS_GLOBUS_GROUPS_URL: http://{{ include "gas.demo.emulator" (list . "globus") }}:9800
GAS_GLOBUS_CLIENT_ID: 5c1f7a52-6f43-4a53-8d0e-3b1f0a9c2d11
GAS_MAIL_SENDER: gas@mail.example
GAS_JOBS_TABLE: {{ $stack }}-jobs
GAS_USERS_TABLE: {{ $stack }}-users
GAS_INPUTS_BUCKET: {{ $stack }}-000000000000-inputs
GAS_RESULTS_BUCKET: {{ $stack }}-000000000000-results
GAS_ARCHIVE_BUCKET: {{ $stack }}-000000000000-archive
{{- range list "job-requests" "job-results" "plan-changes" "thaws" }}
GAS_{{ . | upper | replace "-" "_" }}_TOPIC_ARN: {{ $topics }}-{{ . }}
{{- end }}
{{- range list "job-requests" "job-notifications" "job-archives" "restores" "thaws" }}
GAS_{{ . | upper | replace "-" "_" }}_QUEUE_URL: {{ $queues }}-{{ . }}
GAS_{{ . | upper | replace "-" "_" }}_DLQ_URL: {{ $queues }}-{{ . }}-dlq
{{- end }}
{{- else -}}
{{- toYaml .Values.stack -}}
{{- end -}}
{{- end -}}

{{/* Not empty if a component has bundles to fetch: those that come with the engine go by name. Takes its values. */}}
{{- define "gas.fetches" -}}
{{- range .bundles -}}{{- if hasPrefix "s3://" . -}}yes{{- end -}}{{- end -}}
{{- end -}}

{{/* (list $ "web"): a component's environment, without secrets; what is more particular wins. */}}
{{- define "gas.settings" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- $values := index $root.Values $name -}}
{{- $settings := dict "GAS_AWS_REGION" $root.Values.aws.region "GAS_HEALTH_PORT" "8081" "GAS_BASE_URL" $root.Values.baseUrl -}}
{{- range $key, $value := fromYaml (include "gas.stack" $root) -}}
{{- if not (hasSuffix "_ROLE_ARN" $key) -}}{{- $_ := set $settings $key $value -}}{{- end -}}
{{- end -}}
{{- if hasKey $values "drainSeconds" -}}{{- $_ := set $settings "GAS_DRAIN_SECONDS" $values.drainSeconds -}}{{- end -}}
{{- if hasKey $values "workSize" -}}{{- $_ := set $settings "GAS_WORK_DIRECTORY" "/work" -}}{{- end -}}
{{- with $root.Values.annotator.bundles -}}
{{- if has $name (list "web" "annotator") -}}{{- $_ := set $settings "GAS_BUNDLES" (toJson .) -}}{{- end -}}
{{- end -}}
{{- if include "gas.fetches" $values -}}{{- $_ := set $settings "GAS_BUNDLE_DIRECTORY" "/bundles" -}}{{- end -}}
{{- if has $name (list "web" "operations") -}}
{{- $_ := set $settings "GAS_HTTP_PORT" "8080" -}}
{{- $_ := set $settings "GAS_LINGER_SECONDS" "5" -}}
{{- $_ := set $settings "GAS_TRUSTED_PROXIES" $root.Values.web.trustedProxies -}}
{{- if $root.Values.operations.enabled -}}
{{- $_ := set $settings "GAS_OPERATORS" (join "," $root.Values.operations.identities) -}}
{{- $_ := set $settings "GAS_OPERATOR_GROUP" $root.Values.operations.group -}}
{{- end -}}
{{- if $root.Values.globus.clientId -}}{{- $_ := set $settings "GAS_GLOBUS_CLIENT_ID" $root.Values.globus.clientId -}}{{- end -}}
{{- end -}}
{{- if eq $name "operations" -}}
{{- $_ := set $settings "GAS_PAGES" "operators" -}}
{{- $_ := set $settings "GAS_KUBERNETES_RELEASE" $root.Release.Name -}}
{{- $_ := set $settings "GAS_DRAIN_SECONDS" $root.Values.web.drainSeconds -}}
{{- end -}}
{{- if eq $name "web" -}}
{{- $_ := set $settings "GAS_BILLING" $root.Values.billing.provider -}}
{{- if eq $root.Values.billing.provider "stripe" -}}
{{- $_ := set $settings "GAS_STRIPE_PUBLISHABLE_KEY" $root.Values.billing.stripePublishableKey -}}
{{- $_ := set $settings "GAS_STRIPE_PRICE" $root.Values.billing.stripePrice -}}
{{- end -}}
{{- end -}}
{{- $own := $values.settings -}}
{{- if eq $name "operations" -}}{{- $own = merge (dict) $own $root.Values.web.settings -}}{{- end -}}
{{- $settings = merge (dict) $own $root.Values.settings $settings -}}
{{- range $key, $value := $settings }}
{{ $key }}: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}
{{- end -}}
{{- end -}}
