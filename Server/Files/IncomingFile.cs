using System.Security.Cryptography;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// A content that is being received: a file in <see cref="ContentFolder.Incoming"/>. Dispose removes the file, unless the file was moved. Used by one
/// caller at a time.
/// </summary>
internal sealed class IncomingFile : IDisposable
{
    // Sync after this many bytes. Otherwise the disk would write the whole content in one long write at the end, and the commits of messages would
    // wait for this write.
    private const int SyncBytes = 1024 * 1024;

    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _head = new byte[FileType.HeadBytes];
    private int _headLength;
    private long _syncedLength;
    private string? _finalHash;

    private IncomingFile(string path)
    {
        Path = path;
        _stream = new FileStream(path, ContentFolder.CreateOptions());
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The number of bytes that were written.</summary>
    public long Length { get; private set; }

    /// <summary>The first bytes of the content, at most <see cref="FileType.HeadBytes"/>.</summary>
    public ReadOnlySpan<byte> Head => _head.AsSpan(0, _headLength);

    /// <exception cref="IOException">The file cannot be created.</exception>
    public static IncomingFile Create(ContentFolder folder)
    {
        ContentFolder.CreateForOwner(folder.Incoming);
        return new IncomingFile(System.IO.Path.Combine(folder.Incoming, $"{Guid.NewGuid():n}.part"));
    }

    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        var head = bytes[..Math.Min(bytes.Length, _head.Length - _headLength)];
        head.CopyTo(_head.AsSpan(_headLength));
        _headLength += head.Length;
        _hash.AppendData(bytes);
        RandomAccess.Write(_stream.SafeFileHandle, bytes, Length);
        Length += bytes.Length;
        if (Length - _syncedLength >= SyncBytes)
        {
            RandomAccess.FlushToDisk(_stream.SafeFileHandle);
            _syncedLength = Length;
        }
    }

    /// <summary>Opens the content that was written so far. Dispose of the result before <see cref="Complete"/>.</summary>
    public Stream OpenRead() => new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);

    /// <summary>Syncs the content to the disk, and closes the file.</summary>
    /// <returns>SHA-256 of the content, in hex.</returns>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public string Complete()
    {
        if (_finalHash is not null)
            return _finalHash;
        RandomAccess.FlushToDisk(_stream.SafeFileHandle);
        _stream.Dispose();
        return _finalHash = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
        File.Delete(Path);
    }
}
