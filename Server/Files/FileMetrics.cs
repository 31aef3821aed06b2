using System.Diagnostics.Metrics;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Files;

/// <summary>The metrics of files. Server/docs/operations.md lists them. Thread-safe.</summary>
public sealed class FileMetrics
{
    private readonly Counter<long> _files;
    private readonly Counter<long> _bytes;

    public FileMetrics(IMeterFactory meters, UploadGate gate, ContentStore contents)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _files = meter.CreateCounter<long>("rawsocketchat.files", "{file}", "Files that were uploaded or downloaded.");
        _bytes = meter.CreateCounter<long>("rawsocketchat.file_bytes", "By", "Bytes of the files that were uploaded or downloaded.");
        meter.CreateObservableGauge("rawsocketchat.uploads", () => gate.ActiveCount, "{upload}", "Uploads that are received now.");
        meter.CreateObservableGauge("rawsocketchat.waiting_uploads", () => gate.WaitingCount, "{upload}", "Uploads that wait for a place.");
        meter.CreateObservableGauge("rawsocketchat.stored_bytes", () => (double)contents.Bytes, "By", "Bytes of the contents of all files.");
    }

    public void CountUpload(long bytes) => Count(bytes, "upload");

    public void CountDownload(long bytes) => Count(bytes, "download");

    private void Count(long bytes, string direction)
    {
        var tag = new KeyValuePair<string, object?>("direction", direction);
        _files.Add(1, tag);
        _bytes.Add(bytes, tag);
    }
}
