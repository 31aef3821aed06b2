namespace RawSocketChat.Server.Web;

/// <summary>
/// Tables that the page fetches only when it needs them: its texts in languages other than English, and the names of the emoji. All tables together
/// are larger than the page. There is one file for each language, in a folder beside the server's program. Thread-safe.
/// </summary>
public sealed class PageTables
{
    private readonly Dictionary<string, CompressedText> _tables;

    /// <param name="folder">The folder of the files. Each file has the name of its language: <c>de.json</c>.</param>
    public PageTables(string folder) => _tables = Directory.EnumerateFiles(folder, "*.json").ToDictionary(
        file => $"/{Path.GetFileName(file)}", file => new CompressedText(File.ReadAllText(file), "application/json; charset=utf-8"), StringComparer.Ordinal);

    /// <summary>Finds a table by its path, such as <c>/de.json</c>. Returns null if there is no such table.</summary>
    public CompressedText? Find(string name) => _tables.GetValueOrDefault(name);

    /// <summary>Answers a GET or HEAD request with a table.</summary>
    public static Task WriteAsync(CompressedText table, HttpContext context)
    {
        // The tables are public. A page that was opened from disk has another origin than its server.
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return table.WriteAsync(context);
    }
}
