package octapipe

// routes is the API, row by row. Where two patterns fit one path, the first wins: what is literal stands before what is a parameter.
var routes = []route{
	{"POST", "login", public, login, false},
	{"POST", "refresh", public, refresh, false},
	{"GET", "me", member, getMe, false},
	{"POST", "api-keys", admin, createAPIKey, false},
	{"DELETE", "api-keys/{uuid}", admin, deleteAPIKey, false},

	{"GET", "databases", member, listDatabases, false},
	{"POST", "databases", admin, createDatabase, false},
	{"GET", "databases/{uuid}", member, getDatabase, false},
	{"PUT", "databases/{uuid}", admin, updateDatabase, false},
	{"DELETE", "databases/{uuid}", admin, deleteDatabase, false},

	{"GET", "databases/{database}/custom-fields", member, listDatabaseFields, false},
	{"POST", "databases/{database}/custom-fields", admin, createDatabaseField, false},
	{"GET", "databases/{database}/custom-fields/{uuid}", member, getDatabaseField, false},
	{"PUT", "databases/{database}/custom-fields/{uuid}", admin, updateDatabaseField, false},
	{"DELETE", "databases/{database}/custom-fields/{uuid}", admin, deleteDatabaseField, false},

	{"PUT", "databases/{database}/records/bulk", member, bulkUpdateRecords, false},
	{"DELETE", "databases/{database}/records/bulk", member, bulkDeleteRecords, false},
	{"POST", "databases/{database}/records/import", member, startImport, true},
	{"GET", "databases/{database}/imports/{uuid}", member, getImport, false},
	{"POST", "databases/{database}/records/export", member, startExport, false},
	{"GET", "databases/{database}/exports/{uuid}", member, getExport, false},
	{"GET", "exports/{uuid}/download", public, downloadExport, false},
	{"GET", "databases/{database}/records", member, listRecords, false},
	{"POST", "databases/{database}/records", member, createRecord, false},
	{"GET", "databases/{database}/records/{uuid}", member, getRecord, false},
	{"PUT", "databases/{database}/records/{uuid}", member, updateRecord, false},
	{"DELETE", "databases/{database}/records/{uuid}", member, deleteRecord, false},

	{"GET", "pipelines", member, listPipelines, false},
	{"POST", "pipelines", admin, createPipeline, false},
	{"GET", "pipelines/{uuid}", member, getPipeline, false},
	{"PUT", "pipelines/{uuid}", admin, updatePipeline, false},
	{"DELETE", "pipelines/{uuid}", admin, deletePipeline, false},

	{"GET", "pipelines/{pipeline}/custom-fields", member, listPipelineFields, false},
	{"POST", "pipelines/{pipeline}/custom-fields", admin, createPipelineField, false},
	{"GET", "pipelines/{pipeline}/custom-fields/{uuid}", member, getPipelineField, false},
	{"PUT", "pipelines/{pipeline}/custom-fields/{uuid}", admin, updatePipelineField, false},
	{"DELETE", "pipelines/{pipeline}/custom-fields/{uuid}", admin, deletePipelineField, false},

	{"GET", "pipelines/{pipeline}/stages", member, listStages, false},
	{"POST", "pipelines/{pipeline}/stages", admin, createStage, false},
	{"GET", "pipelines/{pipeline}/stages/{uuid}", member, getStage, false},
	{"PUT", "pipelines/{pipeline}/stages/{uuid}", admin, updateStage, false},
	{"DELETE", "pipelines/{pipeline}/stages/{uuid}", admin, deleteStage, false},

	{"GET", "pipelines/{pipeline}/cards", member, listCards, false},
	{"POST", "pipelines/{pipeline}/cards", member, createCard, false},
	{"GET", "pipelines/{pipeline}/cards/{uuid}", member, getCard, false},
	{"PUT", "pipelines/{pipeline}/cards/{uuid}", member, updateCard, false},
	{"DELETE", "pipelines/{pipeline}/cards/{uuid}", member, deleteCard, false},

	{"GET", "tasks", member, listTasks, false},
	{"POST", "tasks", member, createTask, false},
	{"GET", "tasks/{uuid}", member, getTask, false},
	{"PUT", "tasks/{uuid}", member, updateTask, false},
	{"DELETE", "tasks/{uuid}", member, deleteTask, false},

	{"GET", "notes", member, listNotes, false},
	{"POST", "notes", member, createNote, false},
	{"DELETE", "notes/{uuid}", member, deleteNote, false},

	{"GET", "notifications", member, listNotifications, false},
	{"POST", "notifications", member, createNotification, false},
	{"PUT", "notifications/{uuid}/read", member, markRead, false},

	{"GET", "users", member, listUsers, false},
	{"POST", "users", admin, createUser, false},
	{"GET", "users/{uuid}", member, getUser, false},
	{"PUT", "users/{uuid}", member, updateUser, false},
	{"DELETE", "users/{uuid}", admin, deleteUser, false},

	{"GET", "files", member, listFiles, false},
	{"POST", "files", member, uploadFile, true},
	{"POST", "files/copy", member, copyFile, true},
	{"GET", "files/{uuid}", member, getFile, false},
	{"DELETE", "files/{uuid}", member, deleteFile, false},
	{"GET", "files/{uuid}/download", member, downloadFile, false},
}
