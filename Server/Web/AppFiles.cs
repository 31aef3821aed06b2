using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The files that a browser needs to install the page: the manifest, its icons, and the service worker. All addresses in these files are relative, so
/// the files also work if the server is mounted under a path.
/// </summary>
internal sealed partial class AppFiles
{
    private const string DefaultName = "RawSocketChat";

    // A home screen shows about 12 characters under an icon.
    private const int MaxShortName = 12;

    // The background of the page in its light theme (--rail in style.css).
    private const string Background = "#f3efe7";

    // Writes non-ASCII letters without escapes.
    private static readonly ManifestJson Readable = new(new JsonSerializerOptions(ManifestJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private readonly Dictionary<string, PageFile> _files;

    /// <param name="options">The settings; <see cref="WebOptions.FindErrors"/> has found no errors in them.</param>
    public AppFiles(WebOptions options)
    {
        var icons = SiteIcons.Create(options.Color, options.Logo is { } path ? SiteLogo.Read(path) : null);
        _files = icons.ToDictionary(icon => $"/{icon.Name}", icon => icon.File);
        _files.Add("/manifest.webmanifest", CreateManifest(options, icons));
        _files.Add("/worker.js", ReadWorker());
    }

    /// <summary>Finds a file by its path, such as <c>/worker.js</c>.</summary>
    public PageFile? Find(string? path) => path is null ? null : _files.GetValueOrDefault(path);

    private static PageFile CreateManifest(WebOptions options, IReadOnlyList<SiteIcon> icons)
    {
        var name = options.Name ?? DefaultName;
        var fields = new Manifest(
            name,
            name.Length > MaxShortName ? null : name,
            StartUrl: "./",
            Scope: "./",
            Display: "standalone",
            Background,
            options.Color ?? SiteIcons.DefaultColor,
            // One entry for each purpose. If one entry had both purposes, a system that does not mask icons would show the icon with margins.
            [.. from icon in icons from purpose in icon.Purpose.Split(' ') select new ManifestIcon(icon.Name, icon.Sizes, icon.Name.EndsWith(".svg", StringComparison.Ordinal) ? "image/svg+xml" : "image/png", purpose)]);
        return new PageFile("application/manifest+json", JsonSerializer.SerializeToUtf8Bytes(fields, Readable.Manifest), "default-src 'none'");
    }

    // The policy applies to the worker itself: it may send requests to this server, and nothing else.
    private static PageFile ReadWorker()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("worker.js")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new PageFile("text/javascript; charset=utf-8", bytes, "default-src 'none'; connect-src 'self'");
    }

    internal sealed record Manifest(string Name, string? ShortName, string StartUrl, string Scope, string Display, string BackgroundColor, string ThemeColor, IReadOnlyList<ManifestIcon> Icons);

    internal sealed record ManifestIcon(string Src, string Sizes, string Type, string Purpose);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Manifest))]
    private sealed partial class ManifestJson : JsonSerializerContext;
}
