namespace RawSocketChat.Server.Storage;

/// <summary>
/// The folder <c>files</c> in the data folder, with the contents of uploaded files. The name of a content is its SHA-256, for example
/// <c>files/ab/abcdef…</c>. So equal files share one content. Beside the content of an image is its preview. <c>files/incoming</c> has the
/// contents that are being received.
/// </summary>
public sealed class ContentFolder(string path)
{
    public const string Name = "files";

    private const string IncomingName = "incoming";
    private const string PreviewSuffix = ".preview";
    private const int HashLength = 64;

    /// <summary>The full path of the folder.</summary>
    public string Path { get; } = path;

    /// <summary>The full path of the folder for contents that are being received.</summary>
    public string Incoming => System.IO.Path.Combine(Path, IncomingName);

    /// <summary>Returns the content folder of a data folder.</summary>
    public static ContentFolder Of(string dataFolder) => new(System.IO.Path.Combine(dataFolder, Name));

    /// <summary>The full path of a content.</summary>
    /// <param name="hash">SHA-256 of the content, in hex.</param>
    public string GetPath(string hash) => System.IO.Path.Combine(Path, hash[..2], hash);

    /// <summary>The full path of the preview of an image.</summary>
    /// <param name="hash">SHA-256 of the image, in hex.</param>
    public string GetPreviewPath(string hash) => GetPath(hash) + PreviewSuffix;

    /// <summary>Whether a text can be the hash of a content.</summary>
    public static bool IsHash(string text) => text.Length == HashLength && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Lists the hashes of all contents in the folder.</summary>
    public IEnumerable<string> ListHashes() => !Directory.Exists(Path)
        ? []
        : Directory.EnumerateDirectories(Path).SelectMany(Directory.EnumerateFiles).Select(file => System.IO.Path.GetFileName(file)).Where(IsHash);

    /// <summary>Moves a file into the folder as the content with a hash. Does nothing if the folder has this content.</summary>
    /// <returns>Whether the file was moved.</returns>
    public bool TryMoveIn(string file, string hash) => TryMove(file, GetPath(hash));

    /// <summary>Moves a file into the folder as the preview of an image. Does nothing if the image has a preview.</summary>
    public bool TryMoveInPreview(string file, string hash) => TryMove(file, GetPreviewPath(hash));

    /// <summary>Removes a content and its preview, if the folder has them.</summary>
    public void Remove(string hash)
    {
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(GetPath(hash))))
            return;
        File.Delete(GetPreviewPath(hash));
        File.Delete(GetPath(hash));
    }

    /// <summary>Creates a folder that only its owner can read.</summary>
    public static void CreateForOwner(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Returns the options for a new file that only its owner can read and write.</summary>
    public static FileStreamOptions CreateOptions()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static bool TryMove(string file, string target)
    {
        if (File.Exists(target))
            return false;
        CreateForOwner(System.IO.Path.GetDirectoryName(target)!);
        File.Move(file, target, overwrite: false);
        return true;
    }
}
