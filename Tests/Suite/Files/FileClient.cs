using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>The response to a download.</summary>
internal sealed record Downloaded(int Status, byte[] Bytes, ILookup<string, string> Headers)
{
    public string Header(string name) => Headers[name].Should().ContainSingle(name).Subject;
}

/// <summary>A user who uploads, posts and downloads files over HTTP.</summary>
internal sealed class FileClient : IDisposable
{
    private FileClient(HttpTestClient http) => Http = http;

    public HttpTestClient Http { get; }

    public static async Task<FileClient> StartAsync(int port, string? name = null) => new(await HttpTestClient.StartSessionAsync(port, name));

    /// <summary>Starts a session and joins a room, which must exist.</summary>
    public static async Task<FileClient> JoinAsync(int port, string? name = null, string room = "lobby")
    {
        var client = await StartAsync(port, name);
        await client.SendAsync<JoinedFrame>($$"""{"type":"join","room":"{{room}}"}""");
        return client;
    }

    public async Task<T> SendAsync<T>(string frame)
        where T : ServerFrame => (await Http.SendAsync(frame)).Answers.Should().ContainSingle().Subject.Should().BeOfType<T>().Subject;

    public Task<HttpTestResponse> PostAsync(byte[] content, string? name = "file.bin", params (string Name, string Value)[] headers) => Http.RequestAsync(
        HttpMethod.Post, "/files", new ByteArrayContent(content), [.. name is null ? [] : ((string, string)[])[("X-File-Name", Uri.EscapeDataString(name))], .. headers]);

    public async Task<AttachedFile> UploadAsync(byte[] content, string name = "file.bin") => ReadFile(await PostAsync(content, name));

    public async Task<AttachedFile> UploadFormAsync(byte[] content, string name)
    {
        using var form = new MultipartFormDataContent();
        using var note = new StringContent("a field");
        form.Add(note, "note");
        using var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        form.Add(file, "file", name);
        return ReadFile(await Http.RequestAsync(HttpMethod.Post, "/files", form));
    }

    public Task<AckFrame> SayAsync(string text, params AttachedFile[] files) => SendAsync<AckFrame>(CreateSay(text, [.. files.Select(file => file.Id)]));

    public static string CreateSay(string text, string[] files, string? id = null, string room = "lobby") =>
        Wire(new ClientFrame { Type = ClientFrameType.Say, Text = text, Files = files, Room = room, Id = id is null ? FrameId.From(Guid.NewGuid().ToString("n")) : FrameId.From(id) });

    public Task<Downloaded> DownloadAsync(AttachedFile file, params (string Name, string Value)[] headers) => DownloadAsync(TextFormat.GetPath(file), HttpMethod.Get, headers);

    public async Task<Downloaded> DownloadAsync(string path, HttpMethod method, params (string Name, string Value)[] headers)
    {
        using var response = await Http.OpenAsync(method, path, null, headers);
        var bytes = await response.Content.ReadAsByteArrayAsync().OrFail(path);
        return new Downloaded((int)response.StatusCode, bytes, response.Headers.Concat(response.Content.Headers).SelectMany(header => header.Value, (header, value) => (header.Key, value)).ToLookup(pair => pair.Key, pair => pair.value));
    }

    public async Task<int> GetStatusAsync(AttachedFile file) => (await DownloadAsync(file)).Status;

    public async Task<IReadOnlyList<MessageFrame>> ReadHistoryAsync(string room = "lobby") =>
        (await SendAsync<HistoryFrame>($$"""{"type":"history","room":"{{room}}"}""")).Messages.Select(Read).OfType<MessageFrame>().ToList();

    public void Dispose() => Http.Dispose();

    public static ServerFrame Read(ReadOnlyMemory<byte> json) => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : throw new AssertionException("no frame");

    public static AttachedFile ReadFile(HttpTestResponse response)
    {
        response.Status.Should().Be(201, response.Body);
        var json = JsonNode.Parse(response.Body)!;
        return new AttachedFile((string)json["id"]!, (string)json["name"]!, (string)json["type"]!, (long)json["bytes"]!, (int?)json["width"], (int?)json["height"]);
    }

    private static string Wire(ClientFrame frame) => System.Text.Encoding.UTF8.GetString(ChatCodec.Encode(frame));
}

/// <summary>The address of a server in another process.</summary>
internal static class ProcessAddress
{
    /// <summary>The HTTP port of a server that has only one HTTP address.</summary>
    public static int GetHttpPort(this ServerProcess server) =>
        new Uri(server.Lines.First(line => line.Contains("listens on", StringComparison.Ordinal)).Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)).TrimEnd(',')).Port;
}

/// <summary>The contents that a server has stored.</summary>
internal static class StoredContents
{
    public static ContentFolder GetContents(this ServerUnderTest server) => server.Services.GetRequiredService<ContentFolder>();

    /// <summary>The paths of all stored contents, relative to the content folder.</summary>
    public static string[] ListContents(this ServerUnderTest server) => ListContents(server.GetContents().Path);

    public static string[] ListContents(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order()] : [];
}
